using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Espalier.Cli.Commands;
using Espalier.Cli.Parsing;
using Espalier.Data;

namespace Espalier.Cli;

/// <summary>The command line: parse, check everything, run, and turn whatever happens into an exit code.</summary>
static class Program
{
    // Deep recursions (JSON of 64 levels, long pipelines) fit; the main thread's stack depends on the shell's limits.
    const int StackBytes = 16 << 20;

    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// What is asked to stop writes what it needs to go on from; a wait that nothing ends, for a pipe or a disk that is
    /// gone, does not keep the process longer.
    /// </summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    static int Main(string[] args)
    {
        using CancellationTokenSource stop = new();
        int signals = 0;

        // The first signal asks the work to end well; the second does what the system does.
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = Interlocked.Increment(ref signals) == 1;
            if (signal.Cancel)
            {
                stop.Cancel();
            }
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

        // A terminal that goes away takes nobody's work with it; what is said to it from then on is dropped.
        using var hangUp = PosixSignalRegistration.Create(
            PosixSignal.SIGHUP,
            signal => signal.Cancel = true
        );
        return OnThreadOfItsOwn(args, stop.Token);
    }

    /// <summary>The command runs beside this thread, which can therefore end while that one waits for something.</summary>
    static int OnThreadOfItsOwn(string[] args, CancellationToken stop)
    {
        Terminal terminal = Terminal.OfProcess();
        int code = ExitCode.Bug;
        Thread work = new(() => code = Run(args, terminal, stop), StackBytes)
        {
            IsBackground = true,
        };
        work.Start();
        while (!work.Join(Look))
        {
            if (stop.IsCancellationRequested && !work.Join(Patience))
            {
                // Nor is anybody waited for who does not listen.
                Thread said = new(() =>
                    terminal.Tell(
                        $"Interrupted; the work did not end within {Patience.TotalSeconds:0} seconds and was left as it was."
                    )
                )
                {
                    IsBackground = true,
                };
                said.Start();
                said.Join(Look);
                return ExitCode.Interrupted;
            }
        }

        return code;
    }

    /// <returns>One of <see cref="ExitCode"/>; every exception ends here.</returns>
    internal static int Run(
        IReadOnlyList<string> args,
        Terminal terminal,
        CancellationToken stop = default
    )
    {
        try
        {
            int code = Dispatch(args, terminal with { Stop = stop }, stop);
            terminal.Out.Flush();
            return code;
        }
        catch (Exception e)
        {
            var (code, sentences) = ExitCode.Of(e, stop.IsCancellationRequested);
            FlushIfPossible(terminal.Out);
            terminal.Tell(sentences);
            if (terminal.Environment("ESPALIER_DEBUG") == "1")
            {
                terminal.Error.WriteLine(e);
            }

            return code;
        }
    }

    /// <param name="width">Of the help's lines.</param>
    internal static RootCommand Root(int width = int.MaxValue)
    {
        RootCommand root = new(
            "Makes transformers cheaper to run, and measures honestly what that costs."
        )
        {
            new RunCommand(),
            new StudyCommand(),
            new StageCommand(),
            new JobsCommand(),
            new PlanCommand(),
            new StoreCommand(),
            new HubCommand(),
            new EvaluateCommand(),
            new PredictCommand(),
            new GenerateCommand(),
            new ServeCommand(),
            new PerplexityCommand(),
            new ChooseCommand(),
            new BenchCommand(),
            new TokenizeCommand(),
            new TrimCommand(),
            new ExportCommand(),
            new InspectCommand(),
            new OperatorsCommand(),
            new TasksCommand(),
            new ReportCommand(),
            new WatchCommand(),
            new DoctorCommand(),
            new CompletionCommand(),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, width);
        return root;
    }

    /// <summary>Answers given before the failure are kept; where the output is what failed, there is nothing to keep.</summary>
    static void FlushIfPossible(TextWriter output)
    {
        try
        {
            output.Flush();
        }
        catch (IOException) { }
    }

    static int Dispatch(IReadOnlyList<string> args, Terminal terminal, CancellationToken stop)
    {
        RootCommand root = Root(args.Count == 0 ? terminal.ErrorWidth : terminal.TextWidth);
        ParseResult parse = root.Parse(args.Count == 0 ? ["--help"] : Spelling.Ours(args));
        if (parse.Errors.Count == 0 && parse.Action is not null)
        {
            // Help and version. Without arguments nothing was asked for, so the help is no result.
            parse.Invoke(
                new InvocationConfiguration
                {
                    Output = args.Count == 0 ? terminal.Error : terminal.Out,
                    Error = terminal.Error,
                    EnableDefaultExceptionHandler = false,
                }
            );
            return args.Count == 0 ? ExitCode.Usage : ExitCode.Ok;
        }

        Problems problems = new();
        if (parse.CommandResult.Command is not EspalierCommand command)
        {
            string[] names = [.. root.Subcommands.Select(c => c.Name)];
            terminal.Tell(
                $"There is no command '{args[0]}'; "
                    + (
                        Nearest.Likely(args[0], names) is { } meant
                            ? $"did you mean '{meant}'? The"
                            : "the"
                    )
                    + $" commands are {string.Join(", ", names)}, and --help shows more."
            );
            return ExitCode.Usage;
        }

        // What else is wrong is told of the line as it was likely meant.
        parse = UnknownOptions.Corrected(root, parse, command, problems);
        command = (EspalierCommand)parse.CommandResult.Command;
        command.Check(parse, terminal, problems);
        if (problems.Sentences.Count == 0)
        {
            return command.Run(parse, terminal, stop);
        }

        terminal.Tell(problems.Sentences);

        return problems.Code;
    }
}
