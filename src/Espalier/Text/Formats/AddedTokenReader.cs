namespace Espalier.Text.Formats;

/// <summary>Reads the flags of an added token.</summary>
static class AddedTokenReader
{
    const int LongestContent = 1000;

    /// <summary>The field with a token's text: the token itself, or its content where it is described.</summary>
    public static JsonField Content(JsonField token) => token.IsObject ? token["content"] : token;

    /// <summary>A token that is described by its flags.</summary>
    /// <param name="normalized">What it is where no flag says so.</param>
    public static AddedToken Read(JsonField field, int id, bool normalized = false)
    {
        field.AllowOnly(
            "id",
            "content",
            "single_word",
            "lstrip",
            "rstrip",
            "normalized",
            "special",
            "__type"
        );
        bool Flag(string name) => field.Optional(name)?.Flag() ?? false;
        return new AddedToken(id, Text(field["content"]))
        {
            SingleWord = Flag("single_word"),
            StripsLeft = Flag("lstrip"),
            StripsRight = Flag("rstrip"),
            Normalized = field.Optional("normalized")?.Flag() ?? normalized,
            Special = Flag("special"),
        };
    }

    /// <summary>A token that is named for its part: special, unless it is described otherwise.</summary>
    public static AddedToken Named(JsonField field, int id) =>
        field.IsObject
            ? Read(
                field,
                id,
                normalized: field.Optional("__type") is not null && !IsSpecial(field)
            ) with
            {
                Special = field.Optional("special")?.Flag() ?? true,
            }
            : new AddedToken(id, Text(field)) { Special = true };

    public static bool IsSpecial(JsonField described) =>
        described.Optional("special")?.Flag() ?? false;

    public static string Text(JsonField content)
    {
        string text = content.Text();
        return text.Length is > 0 and <= LongestContent
            ? text
            : throw content.Refuse(
                $"an added token must have 1 to {LongestContent} characters, not {text.Length}."
            );
    }
}
