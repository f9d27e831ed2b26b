using System.Text;
using Espalier.Checkpoints;

namespace Espalier.Runs.Storage;

/// <summary>JSON files of the store: a body with its own SHA-256 beside it, which tells a damaged file from a good one.</summary>
static class SealedJson
{
    const string Body = "body";
    const string Hash = "sha256";

    public static byte[] Write(byte[] body) =>
        JsonOutput.Document(
            json =>
            {
                json.WritePropertyName(Body);
                json.WriteRawValue(body);
                json.WriteString(Hash, Blobs.Hash(body));
            },
            indented: false
        );

    /// <summary>The body of a file, as fields and as it stands there.</summary>
    /// <exception cref="InvalidDataException">The body is not what the hash says, or there is none.</exception>
    public static (JsonFields Fields, byte[] Utf8) Read(JsonFields file)
    {
        byte[] body = Encoding.UTF8.GetBytes(file.Required(Body, "an object").GetRawText());
        return file.String(Hash) == Blobs.Hash(body)
            ? (file.Object(Body), body)
            : throw file.Refuse(Hash, $"the hash of the body, {Blobs.Hash(body)}");
    }
}
