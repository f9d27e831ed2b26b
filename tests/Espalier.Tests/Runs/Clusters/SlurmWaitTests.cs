using Espalier.Checkpoints;
using Espalier.Runs.Clusters;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Cli;
using Espalier.Tests.Measuring;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs.Clusters;

/// <summary>A study that waits for a cluster which is late, silent or busy.</summary>
public sealed class SlurmWaitTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Theory]
    [InlineData("10:00", false, 91)]
    [InlineData("10:00", true, 2)]
    [InlineData("0:30", true, 200)]
    public void A_running_job_without_a_lease_is_lost_after_minutes_or_where_its_lease_is_stale(
        string ran,
        bool stale,
        int expected
    )
    {
        StudyGraph graph = Graph("""["E"]""", "[1]");
        Store store = Store.Open(_toy["store"]);
        FakeTime time = new();
        using CancellationTokenSource stop = new();
        int arrays = 0,
            looks = 0;
        Slurm slurm = new(
            (program, arguments) =>
            {
                if (arguments[0] == "requeue")
                {
                    stop.Cancel();
                }

                return (
                    0,
                    program == "sbatch" ? $"{++arrays}\n"
                    : program == "squeue" ? $"1_0|1|0|RUNNING|n1|{ran}|None\n"
                    : "",
                    ""
                );
            }
        );
        SlurmStudy study = new(store, graph, slurm, new(), ["espalier"], _ => { })
        {
            FirstLook = TimeSpan.Zero,
            Time = time,
        };
        study.Submit();
        if (stale)
        {
            string key = new SlurmSubmission(store, graph.Name)
                .Arrays()
                .Single(a => a.Id == 1)
                .Tasks[0][0];
            AtomicFile.Write(
                Path.Combine(store.Folder, "leases", key + ".json"),
                (LeaseOwner.Here with { Started = "1" }).ToJson()
            );
        }

        // A second for each look; those are all where nothing is started again.
        Assert.Throws<OperationCanceledException>(() =>
            study.Wait(
                (_, _) =>
                {
                    time.Pass(1000);
                    if (++looks == 200)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token
            )
        );
        Assert.Equal(expected, looks);
    }

    [Fact]
    public void What_a_disk_shows_after_the_last_job_is_gone_is_not_submitted_again()
    {
        Study made = _toy.Open(_toy.Write("""["E"]""", "[1]"));
        StudyGraph graph = StudyGraph.Of(made, StudyEstimate.Of(made, 2));
        int submitted = 0,
            looks = 0;
        Slurm slurm = new(
            (program, _) =>
            {
                submitted += program == "sbatch" ? 1 : 0;
                return (0, $"{submitted}\n", "");
            }
        );
        SlurmStudy study = new(made.Store, graph, slurm, new(), ["espalier"], _ => { })
        {
            FirstLook = TimeSpan.Zero,
            Time = new FakeTime(),
        };
        StudyState state = study.Wait(
            (_, _) =>
            {
                if (++looks == 3)
                {
                    _toy.Run(made);
                }
            },
            TestContext.Current.CancellationToken
        );
        Assert.True(state.IsOver);
        Assert.Equal((3, 0), (looks, submitted));
    }

    [Fact]
    public void What_Slurm_does_not_take_while_it_is_waited_for_is_submitted_again()
    {
        StudyGraph graph = Graph("""["E"]""", "[1]");
        int asked = 0;
        List<string> notes = [];
        Slurm slurm = new(
            (program, _) =>
                program != "sbatch" ? (0, "", "")
                : ++asked == 4 ? (1, "", "Unable to contact slurm controller")
                : (0, $"{asked}\n", "")
        );
        SlurmStudy study = new(
            Store.Open(_toy["store"]),
            graph,
            slurm,
            new(),
            ["espalier"],
            notes.Add
        )
        {
            FirstLook = TimeSpan.Zero,
            Late = TimeSpan.Zero,
        };
        Assert.Equal(3, study.Submit().Count);
        StudyState state = study.Wait((_, _) => { }, TestContext.Current.CancellationToken);
        Assert.False(state.IsOver);
        Assert.Contains(notes, n => n.Contains("Unable to contact slurm controller"));
        Assert.Equal(3 + 1 + 3 + 3, asked);
    }

    [Fact]
    public void What_others_finish_just_before_it_is_submitted_is_written_as_results()
    {
        string recipe = _toy.Write("""["E"]""", "[1]");
        Study study = _toy.Open(recipe);
        bool ran = false;

        // The clock is looked at between the first look at the store and the second.
        Watched time = new(() =>
        {
            if (!ran && WrittenStudy.Files(study.Store).Any())
            {
                ran = true;
                _toy.Run(study);
            }
        });
        CommandLine
            .Run(
                [
                    "study",
                    recipe,
                    "--on",
                    "slurm",
                    "--store",
                    _toy["store"],
                    "--output",
                    _toy["out"],
                ],
                [],
                time: time
            )
            .Succeeds();
        Assert.True(ran);
        Assert.True(File.Exists(Path.Combine(_toy["out"], "measurements.json")));
    }

    StudyGraph Graph(string pipelines, string seeds)
    {
        Study study = _toy.Open(_toy.Write(pipelines, seeds), "graph");
        return StudyGraph.Of(study, StudyEstimate.Of(study, 2));
    }

    sealed class Watched(Action looked) : TimeProvider
    {
        public override long GetTimestamp()
        {
            looked();
            return base.GetTimestamp();
        }
    }
}
