using System.Text;
using System.Text.Json;

namespace Espalier.Tests.Fuzzing;

/// <summary>Damages a sound input: as disks and cut downloads do, as people do, and as someone does who means harm.</summary>
static class Mutator
{
    const int Longest = 1 << 16;

    /// <summary>What the formats give a meaning to, and what number parsers and converters stumble over.</summary>
    static readonly byte[][] Tokens =
    [
        .. (
            (string[])
                [
                    "null",
                    "true",
                    "false",
                    "0",
                    "-1",
                    "1",
                    "-0",
                    "1e999",
                    "-1e999",
                    "1e-999",
                    "1e308",
                    "0.5",
                    "1.0",
                    "5.0e0",
                    "NaN",
                    "Infinity",
                    "2147483647",
                    "2147483648",
                    "-2147483649",
                    "9223372036854775807",
                    "18446744073709551615",
                    "99999999999999999999999999",
                    "\"\"",
                    "[]",
                    "{}",
                    "[null]",
                    "[[]]",
                    "{\"\":0}",
                    "\"\\ud800\"",
                    "\"\\udc00x\"",
                    "\"\\u0000\"",
                    "\"full\"",
                    "\"nan\"",
                    "{",
                    "}",
                    "[",
                    "]",
                    "\"",
                    ":",
                    ",",
                    "\\",
                    "\n",
                    "\r\n",
                    "\r",
                    "\t",
                    " ",
                    "\u202E",
                    "\uFEFF",
                    "é",
                    "漢",
                    "🙂",
                    "\0",
                    "'",
                    ";",
                    "|",
                    "#",
                    "##",
                    "#version: 0.2\n",
                    "(",
                    ")",
                    "=",
                    "O",
                    "D",
                    "E",
                    "P",
                    "L",
                    "Q",
                    "V",
                    "DEPLQ",
                    "(heads=0)",
                    "(heads=1e9)",
                    "(layers=-1)",
                    "confidence:2",
                    "entropy:-1",
                    "patience:1e9",
                    "F32",
                    "I8",
                    "BF16",
                    "[UNK]",
                    "[CLS]",
                    "<s>",
                    "../x",
                    "/",
                    ".",
                    "..",
                    "3,5",
                    "1.234,5",
                    "０",
                    "٣",
                ]
        ).Select(Encoding.UTF8.GetBytes),
        [0xFF],
        [0xC0, 0x80],
        [0xED, 0xA0, 0x80],
        [0xF4, 0x90, 0x80, 0x80],
    ];

    /// <param name="isJson">Whether damages that keep it JSON are worth a try.</param>
    public static byte[] Damage(
        byte[] sound,
        IReadOnlyList<byte[]> others,
        bool isJson,
        Chance chance
    )
    {
        byte[] bytes = sound;
        for (int edits = 1 + (chance.Below(2) * chance.Below(3)); edits > 0; edits--)
        {
            bytes =
                isJson && chance.Below(8) > 0 && JsonEdit(bytes, chance) is { } edited
                    ? edited
                    : ByteEdit(bytes, others, chance);
        }

        return bytes.Length <= Longest ? bytes : bytes[..Longest];
    }

    static byte[] ByteEdit(byte[] bytes, IReadOnlyList<byte[]> others, Chance chance)
    {
        int at = chance.Below(bytes.Length + 1),
            length = Math.Min(bytes.Length - at, 1 << chance.Below(8));
        switch (chance.Below(8))
        {
            case 0 when at < bytes.Length:
                byte[] flipped = [.. bytes];
                flipped[at] ^= (byte)(1 << chance.Below(8));
                return flipped;
            case 1 when at < bytes.Length:
                byte[] changed = [.. bytes];
                changed[at] = (byte)chance.Below(256);
                return changed;
            case 2:
                return bytes[..at];
            case 3:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 4:
                return [.. bytes[..at], .. bytes[at..(at + length)], .. bytes[at..]];
            case 5:
                byte[] other = chance.Of(others);
                return [.. bytes[..at], .. other[chance.Below(other.Length + 1)..]];
            case 6:
                return [.. bytes[..at], .. chance.Of(Tokens), .. bytes[(at + length)..]];
            default:
                return [.. bytes[..at], .. chance.Of(Tokens), .. bytes[at..]];
        }
    }

    /// <summary>A value becomes another, goes away or stands twice, and all else stays valid; null where it is no JSON.</summary>
    static byte[]? JsonEdit(byte[] json, Chance chance)
    {
        List<(int From, int To, int Name)> values = Values(json);
        if (values.Count == 0)
        {
            return null;
        }

        var (from, to, name) = chance.Of(values);
        switch (chance.Below(9))
        {
            case >= 6:
                return
                [
                    .. json[..from],
                    .. Like(json[from..to], values, json, chance),
                    .. json[to..],
                ];
            // Without the comma the rest would be no JSON: it is the one behind, or the one before.
            case 0:
                int begin = name >= 0 ? name : from;
                int end = SkipSpace(json, to);
                if (end < json.Length && json[end] == ',')
                {
                    return [.. json[..begin], .. json[(end + 1)..]];
                }

                int before = begin - 1;
                while (before > 0 && json[before] is (byte)' ' or (byte)'\n' or (byte)'\r')
                {
                    before--;
                }

                return before > 0 && json[before] == (byte)','
                    ? [.. json[..before], .. json[to..]]
                    : [.. json[..begin], .. json[to..]];
            case 1:
                int first = name >= 0 ? name : from;
                return [.. json[..to], (byte)',', .. json[first..to], .. json[to..]];
            case 2:
                var (otherFrom, otherTo, _) = chance.Of(values);
                return [.. json[..from], .. json[otherFrom..otherTo], .. json[to..]];
            case 3:
                int depth = 1 << chance.Below(9);
                return
                [
                    .. json[..from],
                    .. Enumerable.Repeat((byte)'[', depth),
                    .. json[from..to],
                    .. Enumerable.Repeat((byte)']', depth),
                    .. json[to..],
                ];
            default:
                // The first tokens are values; a text may hold any.
                byte[] value = chance.Of(Tokens);
                return chance.Below(4) == 0
                    ? [.. json[..from], (byte)'"', .. value, (byte)'"', .. json[to..]]
                    : [.. json[..from], .. Tokens[chance.Below(36)], .. json[to..]];
        }
    }

    /// <summary>A value of the same kind: what checks of kinds let through.</summary>
    static byte[] Like(
        byte[] value,
        List<(int From, int To, int Name)> values,
        byte[] json,
        Chance chance
    )
    {
        string text = Encoding.UTF8.GetString(value);
        switch (value[0])
        {
            case (byte)'"':
                var (from, to, _) = chance.Of(values);
                return json[from] == (byte)'"' && chance.Below(2) == 0
                    ? json[from..to]
                    : [(byte)'"', .. chance.Of(Tokens), .. value[1..]];
            case (byte)'t':
                return "false"u8.ToArray();
            case (byte)'f':
                return "true"u8.ToArray();
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                string number = chance.Below(8) switch
                {
                    0 => "-" + text.TrimStart('-'),
                    1 => text + "0",
                    2 => text.Contains('e') ? text : text + "e" + (chance.Below(40) - 20),
                    3 => "0",
                    4 => "1e17",
                    5 => "1e-300",
                    6 => $"{chance.Below(100)}",
                    _ => $"0.{chance.Below(1000):000}",
                };
                return Encoding.UTF8.GetBytes(number);
            default:
                return value;
        }
    }

    static int SkipSpace(byte[] json, int at)
    {
        while (at < json.Length && json[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    /// <summary>Where each value stands, and its name if it has one.</summary>
    static List<(int From, int To, int Name)> Values(byte[] json)
    {
        List<(int, int, int)> values = [];
        Stack<(int From, int Name)> open = [];
        int name = -1;
        try
        {
            Utf8JsonReader reader = new(json);
            while (reader.Read())
            {
                int at = (int)reader.TokenStartIndex;
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        name = at;
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push((at, name));
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        var (from, own) = open.Pop();
                        values.Add((from, (int)reader.BytesConsumed, own));
                        break;
                    default:
                        values.Add((at, (int)reader.BytesConsumed, name));
                        break;
                }

                name = -1;
            }
        }
        catch (JsonException)
        {
            return [];
        }

        return values;
    }
}
