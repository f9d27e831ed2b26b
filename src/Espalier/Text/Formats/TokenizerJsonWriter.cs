using System.Text.Json;
using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>Writes tokenizer.json.</summary>
static class TokenizerJsonWriter
{
    public static byte[] Write(Tokenizer tokenizer) =>
        TokenizerFiles.Json(json =>
        {
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            Added(json, tokenizer.Parts.Added);
            if (tokenizer is WordPieceTokenizer wordPiece)
            {
                WordPiece(json, wordPiece);
            }
            else if (tokenizer is UnigramTokenizer unigram)
            {
                Unigram(json, unigram);
            }
            else if (tokenizer is CharacterPairTokenizer characterPair)
            {
                CharacterPair(json, characterPair);
            }
            else
            {
                BytePair(json, (BytePairTokenizer)tokenizer);
            }
        });

    static void Added(Utf8JsonWriter json, IReadOnlyList<AddedToken> added)
    {
        json.WriteStartArray("added_tokens");
        foreach (AddedToken token in added.OrderBy(a => a.Id))
        {
            json.WriteStartObject();
            json.WriteNumber("id", token.Id);
            Flags(json, token);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void Flags(Utf8JsonWriter json, AddedToken token)
    {
        json.WriteString("content", token.Content);
        json.WriteBoolean("single_word", token.SingleWord);
        json.WriteBoolean("lstrip", token.StripsLeft);
        json.WriteBoolean("rstrip", token.StripsRight);
        json.WriteBoolean("normalized", token.Normalized);
        json.WriteBoolean("special", token.Special);
    }

    static void WordPiece(Utf8JsonWriter json, WordPieceTokenizer tokenizer)
    {
        WordPieceModel model = tokenizer.Model;
        json.WriteStartObject("normalizer");
        json.WriteString("type", "BertNormalizer");
        json.WriteBoolean("clean_text", model.Normalizer.Clean);
        json.WriteBoolean("handle_chinese_chars", model.Normalizer.SpaceChinese);
        json.WriteBoolean("strip_accents", model.Normalizer.StripAccents);
        json.WriteBoolean("lowercase", model.Normalizer.Lowercase);
        json.WriteEndObject();
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "BertPreTokenizer");
        json.WriteEndObject();
        Processor(json, tokenizer);
        json.WriteStartObject("decoder");
        json.WriteString("type", "WordPiece");
        json.WriteString("prefix", model.Prefix);
        json.WriteBoolean("cleanup", model.TidiesDecoded);
        json.WriteEndObject();
        json.WriteStartObject("model");
        json.WriteString("type", "WordPiece");
        json.WriteString("unk_token", tokenizer.TokenOf(model.UnknownId));
        json.WriteString("continuing_subword_prefix", model.Prefix);
        json.WriteNumber("max_input_chars_per_word", model.LongestWord);
        json.WriteStartObject("vocab");
        TokenizerFiles.Vocabulary(json, tokenizer.Parts.Vocabulary);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void BytePair(Utf8JsonWriter json, BytePairTokenizer tokenizer)
    {
        BytePairModel model = tokenizer.Model;
        Raw(json, "normalizer", model.WrittenNormalizer);
        PreTokenizer(json, model);
        Processor(json, tokenizer);
        json.WriteStartObject("decoder");
        ByteLevel(json, prefix: true, trim: true);
        json.WriteEndObject();
        Pairs(json, tokenizer, model);
    }

    public static void PreTokenizer(Utf8JsonWriter json, BytePairModel model)
    {
        json.WriteStartObject("pre_tokenizer");
        bool whole = model.Pattern == PiecePattern.Gpt2;
        if (model.SplitsDigits || !whole)
        {
            json.WriteString("type", "Sequence");
            json.WriteStartArray("pretokenizers");
            json.WriteStartObject();
            if (whole)
            {
                json.WriteString("type", "Digits");
                json.WriteBoolean("individual_digits", true);
            }
            else
            {
                json.WriteString("type", "Split");
                json.WriteStartObject("pattern");
                json.WriteString("Regex", BytePairReader.Regexes[model.Pattern]);
                json.WriteEndObject();
                json.WriteString("behavior", "Isolated");
                json.WriteBoolean("invert", false);
            }

            json.WriteEndObject();
            json.WriteStartObject();
            ByteLevel(json, model.AddsPrefixSpace, trim: true, whole);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        else
        {
            ByteLevel(json, model.AddsPrefixSpace, trim: true);
        }

        json.WriteEndObject();
    }

    static void CharacterPair(Utf8JsonWriter json, CharacterPairTokenizer tokenizer)
    {
        CharacterPairModel model = tokenizer.Model;
        Raw(json, "normalizer", model.Written.Normalizer);
        Raw(json, "pre_tokenizer", model.Written.PreTokenizer);
        Processor(json, tokenizer);
        Raw(json, "decoder", model.Written.Decoder);
        Pairs(
            json,
            tokenizer,
            new BytePairModel(model.Merges)
            {
                UnknownId = model.UnknownId,
                FusesUnknown = model.FusesUnknown,
                FallsBack = model.Bytes is not null,
                IgnoresMerges = model.IgnoresMerges,
            }
        );
    }

    static void Pairs(Utf8JsonWriter json, Tokenizer tokenizer, BytePairModel model)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteString("unk_token", model.UnknownId is { } id ? tokenizer.TokenOf(id) : null);
        json.WriteString("continuing_subword_prefix", "");
        json.WriteString("end_of_word_suffix", "");
        json.WriteBoolean("fuse_unk", model.FusesUnknown);
        json.WriteBoolean("byte_fallback", model.FallsBack);
        json.WriteBoolean("ignore_merges", model.IgnoresMerges);
        json.WriteStartObject("vocab");
        TokenizerFiles.Vocabulary(json, tokenizer.Parts.Vocabulary);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (Merge merge in model.Merges.Merges)
        {
            json.WriteStartArray();
            json.WriteStringValue(tokenizer.Parts.Vocabulary[merge.Left]);
            json.WriteStringValue(tokenizer.Parts.Vocabulary[merge.Right]);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void Unigram(Utf8JsonWriter json, UnigramTokenizer tokenizer)
    {
        UnigramModel model = tokenizer.Model;
        Raw(json, "normalizer", model.Written.Normalizer);
        Raw(json, "pre_tokenizer", model.Written.PreTokenizer);
        Processor(json, tokenizer);
        Raw(json, "decoder", model.Written.Decoder);
        json.WriteStartObject("model");
        json.WriteString("type", "Unigram");
        json.WriteNumber("unk_id", model.UnknownId);
        json.WriteStartArray("vocab");
        foreach ((string piece, int id) in tokenizer.Parts.Vocabulary.Entries)
        {
            json.WriteStartArray();
            json.WriteStringValue(piece);
            json.WriteRawValue(LibraryNumber.Write(model.Scores[id]));
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteBoolean("byte_fallback", model.Bytes is not null);
        json.WriteEndObject();
    }

    static void Raw(Utf8JsonWriter json, string name, string? value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value ?? "null");
    }

    public static void ByteLevel(Utf8JsonWriter json, bool prefix, bool trim, bool regex = true)
    {
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", prefix);
        json.WriteBoolean("trim_offsets", trim);
        json.WriteBoolean("use_regex", regex);
    }

    static void Processor(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        Postprocessing post = tokenizer.Parts.Post;
        if (post.Form == Postprocessing.Kind.None)
        {
            json.WriteNull("post_processor");
            return;
        }

        json.WriteStartObject("post_processor");
        switch (post.Form)
        {
            case Postprocessing.Kind.ByteLevel:
                ByteLevel(json, post.PrefixSpace, post.TrimsOffsets);
                break;
            case Postprocessing.Kind.Roberta:
                json.WriteString("type", "RobertaProcessing");
                Named(json, "sep", tokenizer, post.Single.Slots[^1].Id);
                Named(json, "cls", tokenizer, post.Single.Slots[0].Id);
                json.WriteBoolean("trim_offsets", post.TrimsOffsets);
                json.WriteBoolean("add_prefix_space", post.PrefixSpace);
                break;
            case Postprocessing.Kind.Template when post.TrimsOffsets || post.PrefixSpace:
                json.WriteString("type", "Sequence");
                json.WriteStartArray("processors");
                json.WriteStartObject();
                ByteLevel(json, post.PrefixSpace, post.TrimsOffsets);
                json.WriteEndObject();
                json.WriteStartObject();
                Around(json, tokenizer.TokenOf, post);
                json.WriteEndObject();
                json.WriteEndArray();
                break;
            default:
                Around(json, tokenizer.TokenOf, post);
                break;
        }

        json.WriteEndObject();
    }

    /// <param name="tokenOf">The token of an id.</param>
    public static void Around(Utf8JsonWriter json, Func<int, string> tokenOf, Postprocessing post)
    {
        json.WriteString("type", "TemplateProcessing");
        Arrangement(json, "single", tokenOf, post.Single);
        Arrangement(json, "pair", tokenOf, post.Pair);
        SpecialTokens(json, tokenOf, post);
    }

    static void Named(Utf8JsonWriter json, string name, Tokenizer tokenizer, int id)
    {
        json.WriteStartArray(name);
        json.WriteStringValue(tokenizer.TokenOf(id));
        json.WriteNumberValue(id);
        json.WriteEndArray();
    }

    static void Arrangement(
        Utf8JsonWriter json,
        string name,
        Func<int, string> tokenOf,
        Template template
    )
    {
        json.WriteStartArray(name);
        foreach (Template.Slot slot in template.Slots)
        {
            json.WriteStartObject();
            json.WriteStartObject(slot.Sequence < 0 ? "SpecialToken" : "Sequence");
            json.WriteString(
                "id",
                slot.Sequence switch
                {
                    0 => "A",
                    1 => "B",
                    _ => tokenOf(slot.Id),
                }
            );
            json.WriteNumber("type_id", slot.TypeId);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void SpecialTokens(Utf8JsonWriter json, Func<int, string> tokenOf, Postprocessing post)
    {
        json.WriteStartObject("special_tokens");
        foreach (
            int id in post
                .Single.Slots.Concat(post.Pair.Slots)
                .Where(s => s.Sequence < 0)
                .Select(s => s.Id)
                .Distinct()
                .Order()
        )
        {
            string token = tokenOf(id);
            json.WriteStartObject(token);
            json.WriteString("id", token);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(token);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
