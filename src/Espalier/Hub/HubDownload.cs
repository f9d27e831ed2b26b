using System.Net;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Hub;

/// <summary>What a commit of a repository holds.</summary>
/// <param name="Files">Paths with '/' between folders, in the hub's order; those that lead out of a folder are left out.</param>
sealed record HubListing(HubId Id, string Commit, IReadOnlyList<string> Files);

/// <summary>What the hub says of a file before it sends it.</summary>
/// <param name="Hash">SHA-256 of a large file; git's SHA-1 of a blob of others.</param>
sealed record HubFile(string Hash, long Size);

/// <summary>
/// Files of a commit into the cache, side by side: what came before is kept and gone on from, what comes is hashed while it comes.
/// </summary>
sealed class HubDownload(
    HubHttp http,
    HubCache cache,
    HubListing listing,
    bool links,
    Action<HubProgress> progress,
    Action<string> tell
)
{
    const int HexOfSha1 = 40;
    const int HexOfSha256 = 64;
    const int BufferBytes = 1 << 17;

    /// <summary>Files that come at once, as many as huggingface_hub's snapshot_download fetches.</summary>
    const int AtOnce = 8;

    readonly HubId _id = listing.Id;
    readonly string _snapshot = cache.SnapshotOf(listing.Id, listing.Commit);
    readonly Lock _one = new();
    readonly Dictionary<string, long> _came = [];
    string _what = "";
    long _done,
        _total;

    /// <summary>
    /// Fetches what the snapshot does not show, small files first. It shows nothing new before all of it is there and checked, so
    /// one that was broken off never looks whole; what came stays among the blobs.
    /// </summary>
    /// <param name="files">In the order in which they are to be shown.</param>
    public async Task Fetch(IEnumerable<string> files)
    {
        string[] missing = [.. files.Where(f => !IsShown(f))];
        Durable.Explaining(cache.Root, () => Durable.MakeFolders(_snapshot));
        HubFile[] said = new HubFile[missing.Length];
        await SideBySide(
                Enumerable.Range(0, missing.Length),
                async i => said[i] = await Head(missing[i]).ConfigureAwait(false)
            )
            .ConfigureAwait(false);
        (string Name, HubFile There)[] wanted = [.. missing.Zip(said)],
            contents = [.. wanted.DistinctBy(w => w.There.Hash).OrderBy(w => w.There.Size)];
        _what = contents is [var only] ? only.Name : $"{contents.Length} files";
        _total = contents.Sum(c => c.There.Size);
        await SideBySide(contents, c => Alone(c.Name, c.There, () => Bring(c.Name, c.There)))
            .ConfigureAwait(false);
        foreach (var (file, there) in wanted)
        {
            await Alone(file, there, () => Show(file, there)).ConfigureAwait(false);
        }
    }

    /// <summary>The first that fails ends the others, and says why.</summary>
    async Task SideBySide<T>(IEnumerable<T> all, Func<T, Task> work)
    {
        ExceptionDispatchInfo? first = null;
        await Parallel
            .ForEachAsync(
                all,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
                async (one, _) =>
                {
                    try
                    {
                        http.Stop.ThrowIfCancellationRequested();
                        await work(one).ConfigureAwait(false);
                    }
                    catch (Exception e)
                    {
                        Interlocked.CompareExchange(
                            ref first,
                            ExceptionDispatchInfo.Capture(e),
                            null
                        );
                        http.End();
                    }
                }
            )
            .ConfigureAwait(false);
        first?.Throw();
    }

    /// <summary>Under the lock of the file's content, which other processes obey too.</summary>
    async Task Alone(string file, HubFile there, Func<Task> work)
    {
        for (bool told = false; ; told = true)
        {
            using IDisposable? held = Durable.Explaining(
                cache.Root,
                () => FileLock.Try(cache.Lock(_id, there.Hash))
            );
            if (held is not null)
            {
                await work().ConfigureAwait(false);
                return;
            }

            if (!told)
            {
                tell($"{_id}: another process downloads {file}; waiting for it.");
            }

            await Task.Delay(FileLock.Look, http.Stop).ConfigureAwait(false);
        }
    }

    /// <summary>A file that is in the snapshot was whole when it got there, and is not asked for again.</summary>
    bool IsShown(string file) => File.Exists(Path.Combine(_snapshot, file));

    async Task Bring(string file, HubFile there)
    {
        string blob = cache.Blob(_id, there.Hash);

        // Without links another process may have moved the blob there.
        if (!IsShown(file) && !(File.Exists(blob) && new FileInfo(blob).Length == there.Size))
        {
            await Download(file, there, blob).ConfigureAwait(false);
        }

        Came(there, there.Size);
    }

    async Task Show(string file, HubFile there)
    {
        // Without links, of two files with the same bytes the first took the blob away.
        await Bring(file, there).ConfigureAwait(false);
        Durable.Explaining(
            cache.Root,
            () => HubCache.Place(cache.Blob(_id, there.Hash), _snapshot, file, links)
        );
    }

    /// <param name="bytes">Of the file, all that are there.</param>
    void Came(HubFile there, long bytes)
    {
        lock (_one)
        {
            long before = _came.GetValueOrDefault(there.Hash);
            if (bytes != before)
            {
                (_came[there.Hash], _done) = (bytes, _done + bytes - before);
                progress(new HubProgress(_what, _done, _total));
            }
        }
    }

    Uri Address(string file) => http.At(_id.Resolve(listing.Commit, file));

    string What(string file) => $"{_id}, {file}";

    async Task<HubFile> Head(string file)
    {
        using HttpResponseMessage answer = await http.Ask(
                What(file),
                Address(file),
                address => new HttpRequestMessage(HttpMethod.Head, address),
                isEnough: a => Header(a, "X-Linked-Etag") is not null
            )
            .ConfigureAwait(false);
        bool sendsOn = (int)answer.StatusCode is >= 300 and < 400;
        if (!answer.IsSuccessStatusCode && !sendsOn)
        {
            throw HubRefusal.Of(_id, file, answer, http.At(""), http.HasToken);
        }

        string tag = (
            Header(answer, "X-Linked-Etag")
            ?? answer.Headers.ETag?.Tag
            ?? Header(answer, "ETag")
            ?? ""
        ).Trim();
        string hash = (tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag).Trim('"');
        if (hash.Length is not (HexOfSha1 or HexOfSha256) || !HubCache.IsCommit(hash))
        {
            throw new InvalidDataException(
                $"{What(file)}: {http.At("").Authority} names no hash of it, so that nobody could check what comes; check HF_ENDPOINT."
            );
        }

        long? size = Header(answer, "X-Linked-Size") is { } text
            ? Numeral.TryWhole(text, out long value)
                ? value
                : null
            : answer.Content.Headers.ContentLength;
        return size is >= 0
            ? new HubFile(hash, size.Value)
            : throw new InvalidDataException(
                $"{What(file)}: {http.At("").Authority} does not say how long it is; check HF_ENDPOINT."
            );
    }

    async Task Download(string file, HubFile there, string blob)
    {
        // As huggingface_hub called it while it went on from such files: each goes on from the other's.
        string part = blob + ".incomplete";
        using FileStream output = Durable.Explaining(
            cache.Root,
            () =>
            {
                Durable.MakeFolders(Path.GetDirectoryName(part)!);
                return new FileStream(
                    part,
                    FileMode.OpenOrCreate,
                    FileAccess.ReadWrite,
                    FileShare.Read,
                    bufferSize: 0
                );
            }
        );
        bool goesOn = output.Length > 0;
        string found = await Fill(file, there, output).ConfigureAwait(false);
        if (found != there.Hash && goesOn)
        {
            // What was there before may be what is wrong.
            output.SetLength(0);
            found = await Fill(file, there, output).ConfigureAwait(false);
        }

        if (found != there.Hash)
        {
            output.Dispose();
            File.Delete(part);
            throw new InvalidDataException(
                $"{What(file)}: what came has the hash {found}, and {there.Hash} was said to come; nothing of it is kept. Try again, and if it comes again so, tell its owner."
            );
        }

        Durable.Explaining(
            cache.Root,
            () =>
            {
                output.Flush(flushToDisk: OperatingSystem.IsWindows());
                Durable.Flush(output.SafeFileHandle, part);
                output.Dispose();
                File.Move(part, blob, overwrite: true);
                Durable.FlushFolder(Path.GetDirectoryName(blob)!);
            }
        );
    }

    /// <summary>Adds to the output until it is as long as was said.</summary>
    /// <returns>The hash of all that is there then.</returns>
    async Task<string> Fill(string file, HubFile there, FileStream output)
    {
        byte[] buffer = new byte[BufferBytes];
        using HashOfBytes hash = new(there);
        if (output.Length > there.Size)
        {
            output.SetLength(0);
        }

        output.Position = 0;
        for (int read; (read = output.Read(buffer)) > 0; )
        {
            hash.Append(buffer.AsSpan(0, read));
        }

        Retries retries = http.Retries(What(file));
        while (output.Position < there.Size)
        {
            long from = output.Position;
            using HttpResponseMessage answer = await http.Ask(
                    What(file),
                    Address(file),
                    address =>
                    {
                        HttpRequestMessage request = new(HttpMethod.Get, address);
                        request.Headers.Range = from > 0 ? new RangeHeaderValue(from, null) : null;
                        return request;
                    },
                    retries: retries
                )
                .ConfigureAwait(false);
            if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && from > 0)
            {
                Restart(output, hash);
                await retries
                    .Again("the part that is missing is not to be had alone")
                    .ConfigureAwait(false);
                continue;
            }

            if (!answer.IsSuccessStatusCode)
            {
                throw HubRefusal.Of(_id, file, answer, http.At(""), http.HasToken);
            }

            bool isPart = answer.StatusCode == HttpStatusCode.PartialContent;
            if (isPart && answer.Content.Headers.ContentRange?.From != from)
            {
                throw new InvalidDataException(
                    $"{What(file)}: byte {from} and all behind it was asked for, and another part was sent; check HF_ENDPOINT."
                );
            }

            if (!isPart && from > 0)
            {
                Restart(output, hash);
            }

            await Take(file, there, answer, output, hash, buffer, retries).ConfigureAwait(false);
        }

        return hash.Hex();
    }

    static void Restart(FileStream output, HashOfBytes hash)
    {
        output.SetLength(0);
        hash.Restart();
    }

    /// <summary>Writes what comes until it ends or breaks off.</summary>
    async Task Take(
        string file,
        HubFile there,
        HttpResponseMessage answer,
        FileStream output,
        HashOfBytes hash,
        byte[] buffer,
        Retries retries
    )
    {
        using Stream body = await answer.Content.ReadAsStreamAsync(http.Stop).ConfigureAwait(false);
        while (true)
        {
            int read;
            Exception? broken = null;
            try
            {
                read = await http.Read(body, buffer).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException)
            {
                (read, broken) = (0, e);
            }

            if (read == 0)
            {
                if (output.Position < there.Size)
                {
                    string why = broken is null ? "it ended too early" : HubHttp.Reason(broken);
                    await retries
                        .Again(
                            $"it broke off at byte {output.Position} of {there.Size} ({why})",
                            null,
                            broken
                        )
                        .ConfigureAwait(false);
                }

                return;
            }

            retries.Came();
            if (read > there.Size - output.Position)
            {
                output.SetLength(0);
                throw new InvalidDataException(
                    $"{What(file)}: more comes than the {there.Size} bytes that were said to; nothing of it is kept. Check HF_ENDPOINT."
                );
            }

            hash.Append(buffer.AsSpan(0, read));
            Durable.Explaining(cache.Root, () => output.Write(buffer, 0, read));
            Came(there, output.Position);
        }
    }

    static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values)
            ? string.Join(' ', values)
            : null;

    /// <summary>The hash by which the hub names a file of that length.</summary>
    sealed class HashOfBytes : IDisposable
    {
        readonly IncrementalHash _hash;
        readonly byte[] _head;

        public HashOfBytes(HubFile file)
        {
            bool large = file.Hash.Length == HexOfSha256;
            _hash = IncrementalHash.CreateHash(
                large ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1
            );
            _head = large ? [] : Encoding.ASCII.GetBytes($"blob {file.Size}\0");
            _hash.AppendData(_head);
        }

        public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

        public void Restart()
        {
            _hash.GetHashAndReset();
            _hash.AppendData(_head);
        }

        public string Hex() => Convert.ToHexStringLower(_hash.GetHashAndReset());

        public void Dispose() => _hash.Dispose();
    }
}
