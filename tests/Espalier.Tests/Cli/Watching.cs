using Espalier.Cli;

namespace Espalier.Tests.Cli;

/// <summary><c>espalier watch</c> in this process, over a store, on a port that is free.</summary>
sealed class Watching : IAsyncDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly StringWriter _error = new();
    readonly Task<int> _command;

    Watching(string store, Output output)
    {
        Terminal terminal = new(Stream.Null, output, _error);
        _command = Task.Run(
            () => Program.Run(["watch", store, "--port", "0"], terminal, _stop.Token),
            CancellationToken.None
        );
    }

    public Uri Address { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public static async Task<Watching> Start(string store)
    {
        Output output = new();
        Watching watching = new(store, output);
        Task first = await Task.WhenAny(output.Line, watching._command);
        Assert.True(first == output.Line, $"it ended: {watching._error}");
        watching.Address = new Uri(await output.Line);
        watching.Http = new HttpClient { BaseAddress = watching.Address };
        return watching;
    }

    /// <summary>Ends the command as Ctrl-C does.</summary>
    public async Task<int> End()
    {
        await _stop.CancelAsync();
        return await _command;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await End();
        _stop.Dispose();
    }

    /// <summary>Tells of its first line.</summary>
    sealed class Output : StringWriter
    {
        readonly TaskCompletionSource<string> _line = new();

        public Task<string> Line => _line.Task;

        public override void WriteLine(string? value) => _line.TrySetResult(value!);
    }
}
