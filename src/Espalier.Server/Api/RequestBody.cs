using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models;
using Espalier.Server.Batching;
using Microsoft.AspNetCore.Http;

namespace Espalier.Server.Api;

/// <summary>Reads the JSON of requests; what is wrong with it is told by the field's name.</summary>
static class RequestBody
{
    /// <summary>Of one request.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>Texts of one request.</summary>
    public const int MostTexts = 128;

    /// <exception cref="Refusal">It is called something else than JSON, or is larger than allowed.</exception>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static async Task<JsonFields> Read(HttpContext context, CancellationToken left)
    {
        // A page in a browser can send anything else to a server on this machine without being asked.
        if (!context.Request.HasJsonContentType())
        {
            throw new Refusal(
                415,
                $"The content type is '{Printable.Escape(context.Request.ContentType ?? "")}'; application/json was expected."
            );
        }

        using MemoryStream body = new();
        byte[] piece = new byte[1 << 14];
        for (
            int read;
            (read = await context.Request.Body.ReadAsync(piece, left)) > 0;
            body.Write(piece, 0, read)
        )
        {
            if (body.Length + read > MostBytes)
            {
                throw new Refusal(
                    413,
                    $"The request is larger than {MostBytes >> 20} MB; send less at once."
                );
            }
        }

        return JsonFile.Parse("The request", body.GetBuffer().AsMemory(0, (int)body.Length));
    }

    /// <summary>The model that is asked for; where the API has no name for it, or one is left out, the only one of its kind.</summary>
    public static T Model<T>(this JsonFields fields, IReadOnlyList<ServedModel> models, string does)
        where T : ServedModel
    {
        string? name = fields.OptionalString("model");
        if (name is null)
        {
            T[] fit = [.. models.OfType<T>()];
            return fit.Length == 1
                ? fit[0]
                : throw new Refusal(
                    fit.Length == 0 ? 404 : 400,
                    fit.Length == 0
                        ? $"No model here {does}; GET /v1/models lists them."
                        : $"The request names no model, and {fit.Length} {does}: {string.Join(", ", fit.Select(m => m.Name))}; name one as \"model\"."
                );
        }

        ServedModel found =
            models.FirstOrDefault(m => m.Name == name)
            ?? throw new Refusal(
                404,
                $"There is no model '{Printable.Escape(name)}' here; GET /v1/models lists them."
            )
            {
                Code = "model_not_found",
            };
        return found as T
            ?? throw new Refusal(
                400,
                $"{found.Name} is not a model that {does}; GET /v1/models lists them."
            );
    }

    /// <summary>How sure an exit must be; null where the request does not say.</summary>
    public static Effort? Effort(this JsonFields fields) =>
        fields.OptionalString("effort") is { } text ? Models.Effort.Parse(text) : null;

    /// <summary>A text, or a list of them.</summary>
    /// <param name="single">Whether it was no list.</param>
    public static IReadOnlyList<string> TextOrTexts(
        this JsonFields fields,
        string field,
        out bool single
    )
    {
        single =
            fields.Required(field, "a text or a list of texts").ValueKind == JsonValueKind.String;
        return single ? [fields.String(field)] : fields.Strings(field);
    }

    /// <summary>A list of texts and of pairs, each of which is a list of two.</summary>
    public static IReadOnlyList<(string Text, string? Pair)> TextsAndPairs(
        this JsonFields fields,
        string field
    )
    {
        const string Expected = "a list of texts, and of pairs of texts as lists of two";
        JsonElement list = fields.Required(field, Expected);
        return list.ValueKind != JsonValueKind.Array
            ? throw fields.Refuse(field, Expected)
            :
            [
                .. list.EnumerateArray()
                    .Select(item =>
                        item.ValueKind == JsonValueKind.String ? (item.GetString()!, null)
                        : IsTexts(item, 1) ? (item[0].GetString()!, null)
                        : IsTexts(item, 2) ? (item[0].GetString()!, (string?)item[1].GetString())
                        : throw fields.Refuse(field, Expected)
                    ),
            ];
    }

    public static bool IsTexts(JsonElement list, int count) =>
        list.ValueKind == JsonValueKind.Array
        && list.GetArrayLength() == count
        && list.EnumerateArray().All(t => t.ValueKind == JsonValueKind.String);

    /// <exception cref="Refusal">There are none, or more than one request may bring.</exception>
    public static void CheckCount(int texts)
    {
        if (texts is 0 or > MostTexts)
        {
            throw new Refusal(
                texts == 0 ? 400 : 413,
                $"The request brings {texts} texts; 1 to {MostTexts} were expected."
            );
        }
    }
}
