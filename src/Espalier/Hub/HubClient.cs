using Espalier.Checkpoints;

namespace Espalier.Hub;

/// <summary>How far a transfer is.</summary>
/// <param name="What">The file, or how many come together.</param>
/// <param name="Done">Bytes.</param>
public sealed record HubProgress(string What, long Done, long Total);

/// <summary>
/// The Hugging Face hub, or one of its kind: models and data sets are fetched into the cache that huggingface_hub uses, and model
/// folders are sent there. What the environment says (HF_HOME, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE …) is obeyed.
/// </summary>
public sealed class HubClient
{
    readonly Action<HubProgress> _progress;
    readonly Action<string> _tell;
    readonly CancellationToken _stop;

    /// <param name="environment">Tells variables such as HF_HOME; null: those of the process.</param>
    /// <param name="progress">Hears how far a transfer is.</param>
    /// <param name="tell">Hears sentences: what is waited for, what is asked again.</param>
    public HubClient(
        Func<string, string?>? environment = null,
        Action<HubProgress>? progress = null,
        Action<string>? tell = null,
        CancellationToken stop = default
    )
    {
        Settings = HubSettings.Of(environment ?? Environment.GetEnvironmentVariable);
        Cache = new HubCache(Settings.Cache);
        _stop = stop;

        // Files come side by side, and whoever hears of them hears one at a time.
        Lock turn = new();
        _progress = Alone(progress);
        _tell = Alone(tell);

        Action<T> Alone<T>(Action<T>? hears) =>
            said =>
            {
                lock (turn)
                {
                    hears?.Invoke(said);
                }
            };
    }

    internal HubSettings Settings { get; }

    internal HubCache Cache { get; }

    /// <summary>The pause before what failed is asked for again.</summary>
    internal TimeSpan Second { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether the hub may be asked for it: not offline, and not where a folder was likelier meant. A name alone is one of the hub's
    /// oldest, and a mistyped folder far more often.
    /// </summary>
    /// <param name="root">What a folder's path counts from.</param>
    internal bool MayAsk(HubId id, string root = "") =>
        !Settings.Offline
        && (id.IsUri || id.Owner is not null && !Directory.Exists(Path.Combine(root, id.Owner)));

    /// <summary>Why something that is not in the cache is not asked for, to be put in a sentence.</summary>
    internal string WhyNotAsked =>
        Settings.Offline ? ", and HF_HUB_OFFLINE says not to ask for it" : "";

    /// <summary>The commit of a revision, and its files.</summary>
    /// <exception cref="InvalidDataException">There is no such repository or revision.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    internal HubListing List(HubId id) => Within(http => List(http, id));

    /// <summary>Fetches files of a commit into the cache; those that are there are not fetched again.</summary>
    /// <param name="files">In the order in which the snapshot shows them, once all are there; those that the commit lacks are remembered as absent.</param>
    /// <param name="isLast">No more is fetched of what is asked for: from now on the revision is this commit, and before it is what it was.</param>
    /// <returns>The snapshot.</returns>
    /// <inheritdoc cref="List(HubId)"/>
    internal string Fetch(HubListing listing, IEnumerable<string> files, bool isLast = true)
    {
        string snapshot = Within(http => Fetch(http, listing, files));
        if (isLast)
        {
            Durable.Explaining(Cache.Root, () => Cache.Remember(listing.Id, listing.Commit));
        }

        return snapshot;
    }

    /// <summary>One file, from the cache where it is there.</summary>
    /// <returns>Its path.</returns>
    /// <inheritdoc cref="List(HubId)"/>
    internal string FetchFile(HubId id)
    {
        string file =
            id.File
            ?? throw new InvalidOperationException($"{id} names no file, and one was asked for.");
        if (Cache.Find(id) is { } snapshot && File.Exists(Path.Combine(snapshot, file)))
        {
            return Path.Combine(snapshot, file);
        }

        if (!MayAsk(id))
        {
            throw new InvalidDataException(Cache.Absent(id, WhyNotAsked));
        }

        HubListing listing = List(id);
        return listing.Files.Contains(file)
            ? Path.Combine(Fetch(listing, [file]), file)
            : throw new InvalidDataException(
                $"{id}: {id.Repository} has no file '{file}' at {id.RevisionOrMain}; it has {Some(listing.Files)}."
            );
    }

    /// <summary>Whether there is a token, so that the hub may know who asks.</summary>
    internal bool IsKnown => Settings.Token(needed: true) is not null;

    /// <summary>Sends files as one commit, and makes the repository where there is none.</summary>
    /// <returns>The address of the commit.</returns>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    internal string Send(
        HubId id,
        IReadOnlyList<HubAddition> files,
        bool isPrivate,
        string summary
    ) =>
        Within(
            http => new HubUpload(http, id, _progress).Send(files, isPrivate, summary),
            tokenNeeded: true
        );

    /// <summary>Some names of files, for a sentence.</summary>
    internal static string Some(IReadOnlyList<string> files)
    {
        const int most = 8;
        return files.Count == 0
            ? "none"
            : string.Join(", ", files.Take(most).Select(Printable.Escape))
                + (files.Count > most ? $" and {files.Count - most} more" : "");
    }

    internal T Within<T>(Func<HubHttp, Task<T>> work, bool tokenNeeded = false)
    {
        foreach (string note in Settings.Notes)
        {
            _tell(note);
        }

        using HubHttp http = new(Settings, Settings.Token(tokenNeeded), Second, _tell, _stop);
        return work(http).GetAwaiter().GetResult();
    }

    async Task<string> Fetch(HubHttp http, HubListing listing, IEnumerable<string> files)
    {
        ILookup<bool, string> has = files.ToLookup(listing.Files.Contains);
        Durable.Explaining(
            Cache.Root,
            () =>
            {
                foreach (string file in has[false])
                {
                    Cache.RememberAbsent(listing.Id, listing.Commit, file);
                }
            }
        );
        await new HubDownload(http, Cache, listing, Settings.Links, _progress, _tell)
            .Fetch(has[true])
            .ConfigureAwait(false);
        return Cache.SnapshotOf(listing.Id, listing.Commit);
    }

    static async Task<HubListing> List(HubHttp http, HubId id)
    {
        using HttpResponseMessage answer = await http.Ask(
                $"{id}",
                http.At($"{id.Api}/revision/{Uri.EscapeDataString(id.RevisionOrMain)}"),
                address => new HttpRequestMessage(HttpMethod.Get, address),
                // Nothing is lost yet, and what was meant may be a folder: nobody waits for a network that is not there.
                isPatient: id.IsUri
            )
            .ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            throw HubRefusal.Of(id, null, answer, http.At(""), http.HasToken);
        }

        JsonFields said = await http.Json($"{id}", answer).ConfigureAwait(false);
        string commit = said.String("sha");
        return HubCache.IsCommit(commit)
            ? new HubListing(
                id,
                commit,
                [.. said.Objects("siblings").Select(s => s.String("rfilename")).Where(HubId.IsSafe)]
            )
            : throw said.Refuse("sha", "the name of a commit");
    }
}
