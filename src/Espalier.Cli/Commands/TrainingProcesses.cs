using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Espalier.Cli.Parsing;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Training;
using Espalier.Training.Collective;

namespace Espalier.Cli.Commands;

/// <summary>
/// Processes that train each stage together: those that --processes starts on this machine, or those that somebody started on any
/// and that the environment tells of, as Slurm's does. docs/data-parallel.md describes them.
/// </summary>
sealed class TrainingProcesses : IDisposable
{
    static readonly TimeSpan Ending = TimeSpan.FromSeconds(10);

    // All together: on a busy machine it takes a while until it is told who has ended.
    static readonly TimeSpan Explained = TimeSpan.FromSeconds(30);

    // By a signal, and which is added.
    const int Killed = 128;

    readonly MeetingPlace? _place;
    readonly string[] _line;
    readonly List<Process> _started = [];
    readonly string?[] _said;
    readonly Stream _input;
    Communicator? _all;

    // Whoever started this process held its standard input open, and is gone.
    volatile bool _isOrphan;

    TrainingProcesses(MeetingPlace? place, string[] line, Stream input)
    {
        (_place, _line, _input) = (place, line, input);
        _said = new string?[place?.Size ?? 1];
    }

    public static Option<int> Asked()
    {
        Option<int> option = OptionValues.Number(
            "--processes",
            "Train each stage with so many processes here together, each with its share of the threads; --shards must be a multiple.",
            1,
            Communicator.Most
        );
        option.DefaultValueFactory = _ => 1;
        return option;
    }

    /// <summary>What is wrong with what is asked for, before anything runs.</summary>
    public static void Check(
        ParseResult parse,
        Option<int> asked,
        TrainingOptions training,
        Terminal terminal
    )
    {
        int size = MeetingPlace.Of(terminal.Environment, ".")?.Size ?? parse.ValueOf(asked);
        if (size > 1 && training.Shards % size != 0)
        {
            throw new ArgumentException(
                $"{size} processes were asked to train together, and a step has {training.Shards} shards, of which each would take the same number; say --shards {size}, or 'shards' in a study's training, which makes other models than 1 shard does."
            );
        }
    }

    /// <param name="store">Where the store lies, which all processes see.</param>
    public static TrainingProcesses Of(
        ParseResult parse,
        Option<int> asked,
        Terminal terminal,
        string store
    )
    {
        string folder = Store.MeetingsOf(store);
        MeetingPlace? place = MeetingPlace.Of(terminal.Environment, folder);
        int size = parse.GetValue(asked);
        return new(
            place
                ?? (
                    size == 1
                        ? null
                        : new MeetingPlace(
                            0,
                            size,
                            Path.Combine(folder, $"meeting-here-{Environment.ProcessId}"),
                            IsHere: true
                        )
                ),
            place is null ? [.. parse.Tokens.Select(t => t.Value)] : [],
            terminal.In
        );
    }

    /// <summary>Whether another process leads, and this one makes what it announces.</summary>
    public bool Follows => _place?.Rank > 0;

    /// <summary>Waits for all; null: this process is alone.</summary>
    /// <param name="purpose">What all work on.</param>
    public Communicator? Meet(string purpose, CancellationToken stop)
    {
        if (_place is null)
        {
            return null;
        }

        for (int rank = 1; rank < _place.Size && _line.Length > 0; rank++)
        {
            _started.Add(Start(rank));
        }

        if (Follows && _place.IsHere)
        {
            Thread watch = new(() => _isOrphan = _input.ReadByte() < 0) { IsBackground = true };
            watch.Start();
        }

        return _all = Communicator.Meet(_place, purpose, LookAround, stop);
    }

    /// <summary>Makes what the first process announces, until there is no more.</summary>
    public int Follow(Study study, MachineTurn turn, long teacherBytes, CancellationToken stop)
    {
        study.Here(jobs: 1, turn, teacherBytes, Meet(study.Purpose, stop)).Follow(study.Plan, stop);
        return ExitCode.Ok;
    }

    /// <summary>A process that was started here and is gone says more of why than the connection to it does.</summary>
    public T Explaining<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (LostProcessException e) when (_started.Count > 0)
        {
            _all?.Dispose();
            Task.WaitAll(
                [.. _started.Select(p => p.WaitForExitAsync(CancellationToken.None))],
                Explained
            );
            throw new LostProcessException(Gone() is { } gone ? gone : e.Message, e);
        }
    }

    Process Start(int rank)
    {
        string program = Environment.ProcessPath!;
        string[] line =
            Path.GetFileNameWithoutExtension(program) == "dotnet"
                ?
                [
                    Path.Combine(
                        AppContext.BaseDirectory,
                        typeof(TrainingProcesses).Assembly.GetName().Name + ".dll"
                    ),
                    .. _line,
                ]
                : _line;
        ProcessStartInfo start = new(program, line)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[MeetingPlace.RankName] = rank.ToString(CultureInfo.InvariantCulture);
        start.Environment[MeetingPlace.SizeName] = _place!.Size.ToString(
            CultureInfo.InvariantCulture
        );
        start.Environment[MeetingPlace.FileName] = Path.GetFullPath(_place.File);
        start.Environment[MeetingPlace.HereName] = "1";
        Process process = Process.Start(start)!;
        process.ErrorDataReceived += (_, said) => _said[rank] = said.Data ?? _said[rank];
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    void LookAround()
    {
        if (_isOrphan)
        {
            throw new LostProcessException("Process 0 ended before all processes had met.");
        }

        if (Gone() is { } gone)
        {
            throw new LostProcessException(gone);
        }
    }

    string? Gone()
    {
        for (int i = 0; i < _started.Count; i++)
        {
            if (_started[i] is { HasExited: true, ExitCode: not ExitCode.Lost } ended)
            {
                // Who was killed had no time for a last word.
                string said =
                    ended.ExitCode < Killed && _said[i + 1] is { } last
                        ? $" ({last.Replace("espalier: ", "").TrimEnd('.')})"
                        : "";
                return $"Process {i + 1} of {_place!.Size} ended with exit code {ended.ExitCode}{said}; the same command goes on from what was saved.";
            }
        }

        return null;
    }

    public void Dispose()
    {
        _all?.Dispose();
        foreach (Process process in _started)
        {
            if (!process.WaitForExit(Ending))
            {
                process.Kill();
            }

            process.Dispose();
        }
    }
}
