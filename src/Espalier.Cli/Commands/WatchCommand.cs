using System.CommandLine;
using System.Text;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Cli.Reports.Pages;
using Espalier.Runs.Storage;
using Espalier.Runs.Watching;
using Espalier.Server;

namespace Espalier.Cli.Commands;

/// <summary>A page over the live store of a study, until it is told to stop.</summary>
sealed class WatchCommand : EspalierCommand
{
    const int UsualPort = 8081;

    // Of several browsers the first makes a look, and all see it.
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    readonly Argument<string> _store = new("STORE")
    {
        Description =
            "The store of a study, or the output folder of 'espalier study' or 'espalier run' that holds one.",
    };
    readonly Option<int> _port = OptionValues.Number(
        "--port",
        "Port on this machine's own address; 0: one that is free.",
        0,
        65535
    );

    public WatchCommand()
        : base("watch", "Show a study while it runs: a page over its store, for a browser.")
    {
        _port.DefaultValueFactory = _ => UsualPort;
        Add(_store);
        Add(_port);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier watch orders/store",
        "espalier watch runs/DEPLQ --port 0",
        "ssh -L 8081:localhost:8081 login.example.org espalier watch /scratch/orders/store",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        if (parse.ValueOf(_store) is { } store)
        {
            problems.NeedFolder("STORE", store);
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop) =>
        Serve(parse, terminal, stop).GetAwaiter().GetResult();

    async Task<int> Serve(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        StoreWatch watch = new(
            Store.Open(StoreIn(parse.GetValue(_store)!), create: false),
            terminal.Time
        );
        WatchPage page = new();
        Lock one = new();
        WatchedStore? seen = null;
        long when = 0;
        await using PageServer server = await PageServer.Start(
            parse.GetValue(_port),
            WatchPage.Policy,
            new ServedPage("/", "text/html; charset=utf-8", Page),
            new ServedPage("/state.json", "application/json", _ => Look(WatchJson.Write))
        );
        terminal.Out.WriteLine(server.Address.ToString());
        terminal.Out.Flush();
        terminal.Tell($"A browser shows {watch.Store.Folder} there; Ctrl-C ends it, and no study.");
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = stop.Register(asked.SetResult);
        await asked.Task;
        return ExitCode.Ok;

        byte[]? Page(string? of) =>
            Look(store =>
            {
                WatchedStudy? study = store.Studies.FirstOrDefault(s => of is null || s.Id == of);
                return of is not null && study is null
                    ? null
                    : Encoding.UTF8.GetBytes(page.Write(store, study));
            });

        T Look<T>(Func<WatchedStore, T> show)
        {
            lock (one)
            {
                if (seen is null || terminal.Time.GetElapsedTime(when) > LookAgain)
                {
                    seen = watch.Look();
                    when = terminal.Time.GetTimestamp();
                }

                return show(seen);
            }
        }
    }

    /// <summary>Where a command was told to work, its store lies inside.</summary>
    static string StoreIn(string folder) =>
        (
            (string[])[folder, Path.Combine(folder, "store"), Path.Combine(folder, ".store")]
        ).FirstOrDefault(f => File.Exists(Path.Combine(f, "FORMAT"))) ?? folder;
}
