using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Hub;
using Espalier.Training;
using Espalier.Training.Collective;

namespace Espalier.Cli;

/// <summary>What the process tells its caller. These numbers are stable; scripts and schedulers act on them.</summary>
static class ExitCode
{
    public const int Ok = 0;

    /// <summary>A mistake in Espalier.</summary>
    public const int Bug = 1;

    /// <summary>The command line, a recipe or an environment variable asks for something that does not exist.</summary>
    public const int Usage = 2;

    /// <summary>A file or folder is missing, damaged, of an unknown kind, or may not be read or written.</summary>
    public const int Refused = 3;

    /// <summary>The work was done and the result misses the bar that was asked for.</summary>
    public const int BelowBar = 4;

    /// <summary>Nothing that was found meets the budget; the nearest was returned.</summary>
    public const int OverBudget = 5;

    /// <summary>The disk or the memory is full.</summary>
    public const int OutOfSpace = 6;

    /// <summary>The hub cannot be reached, or does not let one in.</summary>
    public const int Unavailable = 7;

    /// <summary>A process that trained together with this one ended, failed or fell silent; the same command goes on.</summary>
    public const int Lost = 8;

    /// <summary>A training's loss stopped being a number.</summary>
    public const int Diverged = 9;

    /// <summary>Stopped by SIGUSR1, as schedulers send it before a job's time is up: saved, and worth starting again (EX_TEMPFAIL).</summary>
    public const int TryAgain = 75;

    /// <summary>Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;

    /// <summary>The table above for the help text.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Ok, "ok"),
        (Bug, "a bug in Espalier"),
        (Usage, "the command line is wrong"),
        (Refused, "a file or folder is missing, damaged, or may not be read or written"),
        (BelowBar, "the result is below the bar that was asked for"),
        (OverBudget, "nothing meets the budget, and the nearest was returned"),
        (OutOfSpace, "out of disk space or memory"),
        (Unavailable, "the hub cannot be reached or does not let one in"),
        (Lost, "a process that trained together with this one was lost"),
        (Diverged, "a training diverged"),
        (TryAgain, "stopped before its time is up, with its work saved; the same command goes on"),
        (Interrupted, "interrupted"),
    ];

    /// <summary>The code for what ended a command, and what to say of it, one sentence a line.</summary>
    public static (int Code, string Sentences) Of(Exception failure, bool interrupted) =>
        failure switch
        {
            AggregateException { InnerExceptions: [var only] } => Of(only, interrupted),
            OperationCanceledException when interrupted => (
                Interrupted,
                "Interrupted; outputs that were not finished were left out."
            ),
            UsageException => (Usage, failure.Message),
            LostProcessException => (Lost, failure.Message),
            DivergedException => (Diverged, failure.Message),
            HubException => (Unavailable, failure.Message),
            OutOfMemoryException => (
                OutOfSpace,
                "There is not enough memory; take a smaller batch, a shorter --max-length or a smaller model."
            ),
            _ when Durable.IsOutOfSpace(failure) => (
                OutOfSpace,
                failure is OutputException
                    ? failure.Message
                    : "The disk is full or the quota is used up; free some space or write elsewhere."
            ),
            InvalidDataException or UnauthorizedAccessException or IOException => (
                Refused,
                failure.Message
            ),
            _ => (
                Bug,
                $"This is a bug in Espalier ({failure.GetType().Name}: {failure.Message}); "
                    + "please report it with the command line and what it prints with ESPALIER_DEBUG=1."
            ),
        };
}
