using System.Text;
using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Hub;

/// <summary>
/// What the environment says of the hub, under the names that huggingface_hub reads
/// (huggingface_hub, docs/package_reference/environment_variables).
/// </summary>
/// <param name="Cache">The folder of what was downloaded; it need not exist.</param>
/// <param name="TokenPath">Where <c>hf auth login</c> keeps the token.</param>
/// <param name="Offline">Nothing may be asked.</param>
/// <param name="Links">Files of a snapshot link to blobs; else they are the files themselves.</param>
/// <param name="AnswerTime">How long the hub may take to begin an answer about a file.</param>
/// <param name="SilenceTime">How long it may send nothing amid a file.</param>
sealed record HubSettings(
    string Cache,
    string Endpoint,
    string TokenPath,
    bool Offline,
    bool Links,
    TimeSpan AnswerTime,
    TimeSpan SilenceTime
)
{
    const string Usual = "https://huggingface.co";
    const int UsualSeconds = 10;
    const int MostSeconds = 86_400;
    const int MostTokenBytes = 10_000;

    string? _token;
    bool _forReading;

    /// <summary>Old names that the environment uses, and the new ones.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    public static HubSettings Of(Func<string, string?> environment)
    {
        List<string> notes = [];
        string? Given(string name) => environment(name) is { Length: > 0 } value ? value : null;
        string? Named(string name, string old)
        {
            if (Given(name) is { } value)
            {
                return value;
            }

            if (Given(old) is { } before)
            {
                notes.Add($"{old} is the old name of {name}; it is read, and {name} wins over it.");
                return before;
            }

            return null;
        }

        string? Folder(string? path) => path is null ? null : Expanded(path, environment);
        bool Is(string name) =>
            environment(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
        TimeSpan Seconds(string name) =>
            TimeSpan.FromSeconds(
                Given(name) is { } text
                && Numeral.TryWhole(text, out long value)
                && value is > 0 and <= MostSeconds
                    ? value
                    : UsualSeconds
            );
        string home =
            Folder(Given("HF_HOME"))
            ?? Path.Combine(
                Folder(Given("XDG_CACHE_HOME")) ?? Path.Combine(UserFolder(environment), ".cache"),
                "huggingface"
            );
        string cache =
            Folder(Named("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")) ?? Path.Combine(home, "hub");
        string? token = Named("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN");
        return new HubSettings(
            cache,
            (Given("HF_ENDPOINT") ?? Usual).TrimEnd('/') + "/",
            Folder(Given("HF_TOKEN_PATH")) ?? Path.Combine(home, "token"),
            Is("HF_HUB_OFFLINE") || Is("TRANSFORMERS_OFFLINE"),
            !Is("HF_HUB_DISABLE_SYMLINKS"),
            Seconds("HF_HUB_ETAG_TIMEOUT"),
            Seconds("HF_HUB_DOWNLOAD_TIMEOUT")
        )
        {
            _token = token,
            _forReading = !Is("HF_HUB_DISABLE_IMPLICIT_TOKEN"),
            Notes = notes,
        };
    }

    /// <summary>What tells the hub who asks; null: there is none. HF_TOKEN wins over the file.</summary>
    /// <param name="needed">Asked for by a command that changes something, and not sent along by itself.</param>
    /// <exception cref="InvalidDataException">No header can hold it.</exception>
    public string? Token(bool needed)
    {
        if (!needed && !_forReading)
        {
            return null;
        }

        string token = (
            _token
            ?? (
                File.Exists(TokenPath)
                    ? Encoding.UTF8.GetString(
                        RegularFile.ReadAll(TokenPath, "a token of the hub", MostTokenBytes)
                    )
                    : ""
            )
        ).Trim();
        return token.Length == 0 ? null
            : token.All(c => c is > ' ' and <= '~') ? token
            : throw new InvalidDataException(
                $"The hub's token ({(_token is null ? TokenPath : "HF_TOKEN")}) holds a character that no token has; log in again with 'hf auth login'."
            );
    }

    // The token is nobody's to read, also where a record is printed.
    bool PrintMembers(StringBuilder text)
    {
        text.Append(Endpoint);
        return true;
    }

    static string Expanded(string path, Func<string, string?> environment) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? UserFolder(environment) + path[1..]
            : path;

    static string UserFolder(Func<string, string?> environment) =>
        environment("HOME") is { Length: > 0 } home
            ? home
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
