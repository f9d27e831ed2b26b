namespace Espalier.Text.Formats;

/// <summary>Reads the post_processor of a tokenizer.json.</summary>
static class PostprocessingReader
{
    /// <summary>As the class has it, or as tokenizer.json does.</summary>
    public static Postprocessing Read(
        JsonField? field,
        TokenizerParts parts,
        TokenizerConfig config
    )
    {
        Postprocessing file = Read(field, parts);
        if (OfClass(field, parts, config) is { } own)
        {
            if (!own.Single.Arranges(file.Single) || !own.Pair.Arranges(file.Pair))
            {
                config.Notes.Add(
                    $"{config.Class.Name} puts its own special tokens around texts, as transformers 5 does; "
                        + "the post_processor of tokenizer.json has others."
                );
            }

            return own;
        }

        if (field is null && parts.Family == TokenizerFamily.Bert)
        {
            config.Notes.Add(
                "tokenizer.json has no post_processor, so no special tokens such as [CLS] and [SEP] stand around texts."
            );
        }

        if (
            config.Class.Form == TokenizerClass.Kind.Generic
            && config.GivesTypes is null
            && file.Pair.Slots.Any(s => s.TypeId > 0)
        )
        {
            config.Notes.Add(
                $"{config.Class.Name} gives a model no token types in transformers 5, and gave them in 4: all are 0 here. "
                    + "Write token_type_ids into model_input_names of tokenizer_config.json if the model was trained with them."
            );
        }

        return file;
    }

    static Postprocessing? OfClass(JsonField? field, TokenizerParts parts, TokenizerConfig config)
    {
        TokenizerClass.Kind form = config.Class.Form;
        bool xlm = form == TokenizerClass.Kind.XlmRoberta;
        if (
            !xlm
            && form is not (TokenizerClass.Kind.Bert or TokenizerClass.Kind.Roberta)
            && !(form == TokenizerClass.Kind.Albert && field is null)
        )
        {
            return null;
        }

        if (
            parts.IdOf(xlm ? "bos_token" : "cls_token") is not { } cls
            || parts.IdOf(xlm ? "eos_token" : "sep_token") is not { } sep
        )
        {
            config.Notes.Add(
                $"{config.Class.Name} needs {(xlm ? "a bos_token and an eos_token" : "a cls_token and a sep_token")} that the vocabulary has, and there are none: "
                    + "the post_processor of tokenizer.json is obeyed."
            );
            return null;
        }

        bool roberta = form == TokenizerClass.Kind.Roberta;
        return TokenizerJson.Around(
            roberta || xlm ? Postprocessing.Kind.Roberta : Postprocessing.Kind.Template,
            cls,
            sep
        ) with
        {
            Form = roberta ? Postprocessing.Kind.Roberta : Postprocessing.Kind.Template,
            TrimsOffsets = roberta && (config.TrimsOffsets ?? true),
            PrefixSpace = roberta && (config.AddsPrefixSpace ?? false),
        };
    }

    static Postprocessing Read(JsonField? field, TokenizerParts parts)
    {
        if (field is not { } given)
        {
            return new Postprocessing(
                Postprocessing.Kind.None,
                Template.BareSingle,
                Template.BarePair
            );
        }

        Ids ids = new(parts.Vocabulary, parts.Added);
        JsonField type = given["type"];
        switch (type.Text())
        {
            case "ByteLevel":
                given.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                return new Postprocessing(
                    Postprocessing.Kind.ByteLevel,
                    Template.BareSingle,
                    Template.BarePair
                )
                {
                    TrimsOffsets = given["trim_offsets"].Flag(),
                    PrefixSpace = given["add_prefix_space"].Flag(),
                };
            case "BertProcessing":
                given.AllowOnly("type", "sep", "cls");
                return TokenizerJson.Around(
                    Postprocessing.Kind.Template,
                    ids.Named(given["cls"]),
                    ids.Named(given["sep"])
                );
            case "RobertaProcessing":
                given.AllowOnly("type", "sep", "cls", "trim_offsets", "add_prefix_space");
                Postprocessing roberta = TokenizerJson.Around(
                    Postprocessing.Kind.Roberta,
                    ids.Named(given["cls"]),
                    ids.Named(given["sep"])
                );
                return roberta with
                {
                    TrimsOffsets = given["trim_offsets"].Flag(),
                    PrefixSpace = given["add_prefix_space"].Flag(),
                };
            case "TemplateProcessing":
                given.AllowOnly("type", "single", "pair", "special_tokens");
                return new Postprocessing(
                    Postprocessing.Kind.Template,
                    Arrangement(given, "single", ids),
                    Arrangement(given, "pair", ids)
                );
            case "Sequence":
                given.AllowOnly("type", "processors");
                return Sequence(given, parts);
            default:
                throw type.Refuse(
                    "Espalier knows TemplateProcessing, BertProcessing, RobertaProcessing and "
                        + $"ByteLevel, not '{type.Text()}'."
                );
        }
    }

    // Byte-level offsets first, then what stands around.
    static Postprocessing Sequence(JsonField field, TokenizerParts parts)
    {
        JsonField[] steps = [.. field["processors"].Items()];
        if (steps.Length == 1)
        {
            return Read(steps[0], parts);
        }

        Postprocessing[] read = [.. steps.Select(s => Read(s, parts))];
        return
            read.Length == 2
            && read[0].Form == Postprocessing.Kind.ByteLevel
            && read[1].Form == Postprocessing.Kind.Template
            ? read[1] with
            {
                TrimsOffsets = read[0].TrimsOffsets,
                PrefixSpace = read[0].PrefixSpace,
            }
            : throw field.Refuse("Espalier knows the sequence ByteLevel, TemplateProcessing only.");
    }

    static Template Arrangement(JsonField processor, string name, Ids ids)
    {
        JsonField field = processor[name];
        List<Template.Slot> slots = [];
        foreach (JsonField item in field.Items())
        {
            item.AllowOnly("SpecialToken", "Sequence");
            if (item.Optional("Sequence") is { } sequence)
            {
                JsonField id = sequence["id"];
                int index = id.Text() switch
                {
                    "A" => 0,
                    "B" when name == "pair" => 1,
                    { } other => throw id.Refuse($"the sequence '{other}' has no place here."),
                };
                slots.Add(new Template.Slot(index, -1, sequence["type_id"].Number(256)));
                continue;
            }

            JsonField special = item["SpecialToken"];
            int type = special["type_id"].Number(256);
            JsonField meaning = processor["special_tokens"][special["id"].Text()];
            slots.AddRange(
                meaning["ids"].Items().Select(i => Template.Slot.Special(ids.Known(i), type))
            );
        }

        int wanted = name == "pair" ? 2 : 1;
        return
            slots.Count(s => s.Sequence >= 0) == wanted
            && slots.Select(s => s.Sequence).Where(s => s >= 0).Distinct().Count() == wanted
            ? new Template(slots)
            : throw field.Refuse("each sequence must have exactly one place.");
    }

    sealed class Ids(Vocabulary vocabulary, IReadOnlyList<AddedToken> added)
    {
        public int Known(JsonField field)
        {
            int id = field.Number(int.MaxValue);
            return vocabulary[id] is not null || added.Any(a => a.Id == id)
                ? id
                : throw field.Refuse($"no token has the id {id}.");
        }

        // ["[SEP]", 102]
        public int Named(JsonField field)
        {
            JsonField[] sides = [.. field.Items()];
            if (sides.Length != 2)
            {
                throw field.Refuse("a token and its id are expected.");
            }

            int id = Known(sides[1]);
            string? token = added.FirstOrDefault(a => a.Id == id)?.Content ?? vocabulary[id];
            return token == sides[0].Text()
                ? id
                : throw field.Refuse($"id {id} belongs to the token '{token}'.");
        }
    }
}
