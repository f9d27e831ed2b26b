using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Hub;

/// <summary>A file that is to be sent.</summary>
/// <param name="Name">In the repository.</param>
/// <param name="Path">On this machine.</param>
sealed record HubAddition(string Name, string Path)
{
    public long Length { get; } =
        new FileInfo(Path).ResolveLinkTarget(true) is FileInfo target
            ? target.Length
            : new FileInfo(Path).Length;
}

/// <summary>
/// Files to a repository of the hub as one commit, as huggingface_hub sends them: the repository is made where there is none, the hub
/// says which files it stores as large ones, those are sent to where it says with their SHA-256 (git-lfs, docs/api/batch.md), and the
/// commit names them and holds the others.
/// </summary>
sealed class HubUpload(HubHttp http, HubId id, Action<HubProgress> progress)
{
    const int SampleBytes = 512;

    /// <summary>What a commit may hold itself; larger files are the hub's to store apart.</summary>
    const long MostInCommit = 64L << 20;

    // Storage may take its time to take a part.
    static readonly TimeSpan PartTime = TimeSpan.FromMinutes(10);
    static readonly TimeSpan CommitTime = TimeSpan.FromMinutes(2);

    static readonly MediaTypeHeaderValue Lfs = new("application/vnd.git-lfs+json");

    readonly Uri _hub = http.At("");

    /// <returns>The address of the commit.</returns>
    public async Task<string> Send(IReadOnlyList<HubAddition> files, bool isPrivate, string summary)
    {
        await Create(isPrivate).ConfigureAwait(false);
        HashSet<string> large = await Large(files).ConfigureAwait(false);
        Dictionary<string, string> hashes = [];
        foreach (HubAddition file in files.Where(f => large.Contains(f.Name)))
        {
            hashes[file.Name] = ContentHash.OfFile(file.Path);
        }

        await Store([.. files.Where(f => large.Contains(f.Name))], hashes).ConfigureAwait(false);
        return await Commit(files, hashes, summary).ConfigureAwait(false);
    }

    async Task Create(bool isPrivate)
    {
        using HttpResponseMessage answer = await Post(
                "api/repos/create",
                json =>
                {
                    json.WriteString("name", id.Name);
                    json.WriteString("organization", id.Owner);
                    json.WriteString("visibility", isPrivate ? "private" : "public");
                    json.WriteString("type", "model");
                }
            )
            .ConfigureAwait(false);
        // It is there already, and stays as private or public as it is.
        if (answer.StatusCode != HttpStatusCode.Conflict)
        {
            Check(answer);
        }
    }

    /// <summary>The names of the files that the hub stores apart.</summary>
    async Task<HashSet<string>> Large(IReadOnlyList<HubAddition> files)
    {
        using HttpResponseMessage answer = await Post(
                $"{id.Api}/preupload/{Uri.EscapeDataString(id.RevisionOrMain)}",
                json =>
                    json.Objects(
                        "files",
                        files,
                        file =>
                        {
                            json.WriteString("path", file.Name);
                            json.WriteBase64String("sample", Start(file.Path));
                            json.WriteNumber("size", file.Length);
                        }
                    )
            )
            .ConfigureAwait(false);
        Check(answer);
        JsonFields said = await http.Json($"{id}", answer).ConfigureAwait(false);
        HashSet<string> large =
        [
            .. said.Objects("files")
                .Where(f => f.String("uploadMode") == "lfs")
                .Select(f => f.String("path")),
        ];
        // Nothing can be stored apart that is empty.
        large.RemoveWhere(name => files.FirstOrDefault(f => f.Name == name) is not { Length: > 0 });
        HubAddition? heavy = files.FirstOrDefault(f =>
            !large.Contains(f.Name) && f.Length > MostInCommit
        );
        return heavy is null
            ? large
            : throw new HubException(
                $"{id}: {_hub.Authority} wants {heavy.Name} ({heavy.Length / 1e6:0} MB) amid the commit, where at most {MostInCommit >> 20} MB fit; check HF_ENDPOINT."
            );
    }

    async Task Store(IReadOnlyList<HubAddition> files, Dictionary<string, string> hashes)
    {
        if (files.Count == 0)
        {
            return;
        }

        using HttpResponseMessage answer = await Post(
                $"{id.Page}.git/info/lfs/objects/batch",
                json =>
                {
                    json.WriteString("operation", "upload");
                    json.Array("transfers", ["basic", "multipart"], json.WriteStringValue);
                    json.WriteString("hash_algo", "sha256");
                    json.Object("ref", () => json.WriteString("name", id.RevisionOrMain));
                    json.Objects(
                        "objects",
                        files.DistinctBy(f => hashes[f.Name]),
                        file =>
                        {
                            json.WriteString("oid", hashes[file.Name]);
                            json.WriteNumber("size", file.Length);
                        }
                    );
                },
                Lfs
            )
            .ConfigureAwait(false);
        Check(answer);
        JsonFields said = await http.Json($"{id}", answer).ConfigureAwait(false);
        foreach (JsonFields stored in said.Objects("objects"))
        {
            string oid = stored.String("oid");
            HubAddition file =
                files.FirstOrDefault(f => hashes[f.Name] == oid)
                ?? throw stored.Refuse("oid", "the hash of a file that is sent");
            if (stored.OptionalObject("error") is { } error)
            {
                throw new HubException(
                    $"{id}, {file.Name}: {_hub.Authority} does not take it ({Printable.Escape(error.OptionalString("message") ?? "no reason given").TrimEnd('.')})."
                );
            }

            // Without anything to do the hub has it already.
            if (stored.OptionalObject("actions") is { } actions)
            {
                await Store(file, oid, actions).ConfigureAwait(false);
            }
        }
    }

    async Task Store(HubAddition file, string oid, JsonFields actions)
    {
        JsonFields upload = actions.Object("upload");
        Uri to = Address(upload);
        JsonFields? header = upload.OptionalObject("header");
        if (header?.Optional("chunk_size") is { } size)
        {
            long chunk =
                Numeral.TryWhole(size.ToString(), out long value) && value > 0
                    ? value
                    : throw header.Refuse("chunk_size", "a number of bytes");
            await StoreParts(file, oid, to, header, chunk).ConfigureAwait(false);
        }
        else
        {
            using HttpResponseMessage answer = await Put(file, to, 0, file.Length)
                .ConfigureAwait(false);
            Check(answer);
        }

        if (actions.OptionalObject("verify") is { } verify)
        {
            using HttpResponseMessage answer = await Post(
                    Address(verify),
                    json =>
                    {
                        json.WriteString("oid", oid);
                        json.WriteNumber("size", file.Length);
                    },
                    Lfs
                )
                .ConfigureAwait(false);
            Check(answer);
        }
    }

    async Task StoreParts(
        HubAddition file,
        string oid,
        Uri completed,
        JsonFields header,
        long chunk
    )
    {
        // The addresses of the parts are the fields that are numbers, from 1.
        (long Number, string Href)[] parts =
        [
            .. header
                .Names.Where(n => n.Length > 0 && n.All(char.IsAsciiDigit))
                .Select(n => (Numeral.TryWhole(n, out long number) ? number : 0, header.String(n)))
                .OrderBy(p => p.Item1),
        ];
        if (parts.Length != (file.Length + chunk - 1) / chunk)
        {
            throw new HubException(
                $"{id}, {file.Name}: {_hub.Authority} names {parts.Length} parts of {chunk} bytes for {file.Length}; try again."
            );
        }

        string[] tags = new string[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            using HttpResponseMessage answer = await Put(
                    file,
                    new Uri(_hub, parts[i].Href),
                    i * chunk,
                    Math.Min(chunk, file.Length - i * chunk)
                )
                .ConfigureAwait(false);
            Check(answer);
            tags[i] =
                answer.Headers.ETag?.Tag
                ?? throw new HubException(
                    $"{id}, {file.Name}: part {i + 1} was taken without an answer that says so; try again."
                );
        }

        using HttpResponseMessage whole = await Post(
                completed,
                json =>
                {
                    json.WriteString("oid", oid);
                    json.Objects(
                        "parts",
                        tags.Index(),
                        part =>
                        {
                            json.WriteNumber("partNumber", part.Index + 1);
                            json.WriteString("etag", part.Item);
                        }
                    );
                },
                Lfs
            )
            .ConfigureAwait(false);
        Check(whole);
    }

    async Task<string> Commit(
        IReadOnlyList<HubAddition> files,
        Dictionary<string, string> hashes,
        string summary
    )
    {
        using MemoryStream lines = new();
        Line(
            lines,
            "header",
            json =>
            {
                json.WriteString("summary", summary);
                json.WriteString("description", "");
            }
        );
        foreach (HubAddition file in files)
        {
            bool large = hashes.TryGetValue(file.Name, out string? oid);
            Line(
                lines,
                large ? "lfsFile" : "file",
                json =>
                {
                    json.WriteString("path", file.Name);
                    if (large)
                    {
                        json.WriteString("algo", "sha256");
                        json.WriteString("oid", oid);
                        json.WriteNumber("size", file.Length);
                    }
                    else
                    {
                        json.WriteBase64String(
                            "content",
                            RegularFile.ReadAll(file.Path, "a file of the model", MostInCommit)
                        );
                        json.WriteString("encoding", "base64");
                    }
                }
            );
        }

        using HttpResponseMessage answer = await Post(
                http.At($"{id.Api}/commit/{Uri.EscapeDataString(id.RevisionOrMain)}"),
                lines.ToArray(),
                new MediaTypeHeaderValue("application/x-ndjson"),
                CommitTime
            )
            .ConfigureAwait(false);
        Check(answer);
        JsonFields said = await http.Json($"{id}", answer).ConfigureAwait(false);
        return said.OptionalString("commitUrl") ?? new Uri(_hub, id.Page).ToString();
    }

    /// <summary>A stretch of a file to where it is stored; begun anew where the network breaks.</summary>
    Task<HttpResponseMessage> Put(HubAddition file, Uri to, long from, long length) =>
        http.Ask(
            $"{id}, {file.Name}",
            to,
            address => new HttpRequestMessage(HttpMethod.Put, address)
            {
                Content = new FileStretch(
                    file.Path,
                    from,
                    length,
                    sent => progress(new HubProgress(file.Name, sent, file.Length))
                ),
            },
            limit: PartTime
        );

    Task<HttpResponseMessage> Post(
        string path,
        Action<Utf8JsonWriter> fields,
        MediaTypeHeaderValue? type = null
    ) => Post(http.At(path), fields, type);

    Task<HttpResponseMessage> Post(
        Uri to,
        Action<Utf8JsonWriter> fields,
        MediaTypeHeaderValue? type = null
    ) =>
        Post(
            to,
            JsonOutput.Document(fields, indented: false),
            type ?? new MediaTypeHeaderValue("application/json"),
            null
        );

    Task<HttpResponseMessage> Post(
        Uri to,
        byte[] body,
        MediaTypeHeaderValue type,
        TimeSpan? limit
    ) =>
        http.Ask(
            $"{id}",
            to,
            address =>
            {
                HttpRequestMessage request = new(HttpMethod.Post, address)
                {
                    Content = new ByteArrayContent(body),
                };
                request.Content.Headers.ContentType = type;
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type.MediaType!));
                return request;
            },
            limit: limit
        );

    Uri Address(JsonFields action) =>
        Uri.TryCreate(_hub, action.String("href"), out Uri? to) && to.Scheme is "http" or "https"
            ? to
            : throw action.Refuse("href", "an address");

    void Check(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw HubRefusal.Of(id, null, answer, _hub, known: true);
        }
    }

    static byte[] Start(string path)
    {
        using FileStream file = RegularFile.OpenStream(path, "a file of the model");
        byte[] start = new byte[Math.Min(SampleBytes, file.Length)];
        file.ReadExactly(start);
        return start;
    }

    /// <summary>A line of the commit: what kind of thing, and its fields.</summary>
    static void Line(MemoryStream lines, string kind, Action<Utf8JsonWriter> fields)
    {
        lines.Write(
            JsonOutput.Document(
                json =>
                {
                    json.WriteString("key", kind);
                    json.Object("value", () => fields(json));
                },
                indented: false
            )
        );
    }

    /// <summary>Part of a file as what is sent, read while it is sent.</summary>
    sealed class FileStretch(string path, long from, long length, Action<long> sent) : HttpContent
    {
        const int BufferBytes = 1 << 17;

        protected override async Task SerializeToStreamAsync(
            Stream stream,
            TransportContext? context
        )
        {
            using FileStream file = RegularFile.OpenStream(path, "a file of the model");
            file.Position = from;
            byte[] buffer = new byte[BufferBytes];
            for (long left = length; left > 0; )
            {
                int part = (int)Math.Min(left, buffer.Length);
                await file.ReadExactlyAsync(buffer.AsMemory(0, part)).ConfigureAwait(false);
                await stream.WriteAsync(buffer.AsMemory(0, part)).ConfigureAwait(false);
                left -= part;
                sent(from + length - left);
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return true;
        }
    }
}
