using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>Reads the decoder of a tokenizer of SentencePiece's kind.</summary>
static class DecoderReader
{
    const string Known =
        "Espalier knows Metaspace, or Replace, ByteFallback, Fuse and Strip in this order, here";

    public static Func<Joining> Read(JsonField? field)
    {
        if (field is not { } given)
        {
            return () => new SpacedJoining();
        }

        switch (given["type"].Text())
        {
            case "Metaspace":
                WordSplitter spelling = UnigramReader.Metaspace(given);
                bool keeps = spelling.Marked == WordSplitter.Prefix.Never;
                return () => new MarkJoining(spelling.Mark!.Value, keeps);
            case "Sequence":
                given.AllowOnly("type", "decoders");
                return Steps([.. given["decoders"].Items()]);
            default:
                return Steps([given]);
        }
    }

    static Func<Joining> Steps(JsonField[] steps)
    {
        List<(string, string)> replacements = [];
        bool bytes = false,
            fused = false;
        char stripped = ' ';
        int strips = 0;
        int reached = 0;
        foreach (JsonField step in steps)
        {
            JsonField type = step["type"];
            int place = Array.IndexOf(
                (string[])["Replace", "ByteFallback", "Fuse", "Strip"],
                type.Text()
            );
            if (place < reached || place == 3 && !fused)
            {
                throw type.Refuse($"{Known}, not '{type.Text()}'.");
            }

            reached = place == 0 ? 0 : place + 1;
            switch (place)
            {
                case 0:
                    replacements.Add(Replacement(step));
                    break;
                case 1:
                    step.AllowOnly("type");
                    bytes = true;
                    break;
                case 2:
                    step.AllowOnly("type");
                    fused = true;
                    break;
                default:
                    step.AllowOnly("type", "content", "start", "stop");
                    step["stop"].Number(1);
                    strips = step["start"].Number(1 << 20);
                    JsonField content = step["content"];
                    stripped = content.Text() is [char unit]
                        ? unit
                        : throw content.Refuse("one character is expected.");
                    break;
            }
        }

        return () => new FallbackJoining(replacements, bytes, stripped, strips);
    }

    static (string From, string To) Replacement(JsonField step)
    {
        step.AllowOnly("type", "pattern", "content");
        JsonField pattern = step["pattern"];
        pattern.AllowOnly("String");
        JsonField from = pattern["String"];
        return from.Text().Length > 0
            ? (from.Text(), step["content"].Text())
            : throw from.Refuse("there is nothing to look for.");
    }
}
