using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;
using Espalier.Training;
using Espalier.Training.Collective;

namespace Espalier.Tests.Training.Collective;

public sealed class CollectiveTrainingTests
{
    const string Key = "a stage";
    static readonly Lock Making = new();

    /// <summary>96 examples in batches of 10 leave a step of 6, which is cut into 4 shards and not into 8.</summary>
    [Theory]
    [InlineData("O", 4, 10)]
    [InlineData("O", 8, 10)]
    [InlineData("OD(layers=1)", 4, 8)]
    [InlineData("OD(tinybert)", 4, 8)]
    [InlineData("OEP(heads=2)", 4, 8)]
    [InlineData("OL(power)", 8, 10)]
    public void One_two_and_four_processes_train_to_the_same_bytes(
        string pipeline,
        int shards,
        int batch
    )
    {
        string Train(Communicator? all)
        {
            using Workers workers = new(1 + (all?.Rank ?? 2) % 3);
            OperatorContext context;
            lock (Making)
            {
                context = Toy.Context(workers);
            }

            context = context with
            {
                Training = context.Training with { BatchSize = batch, Shards = shards },
                Processes = all,
            };
            return HashOf(
                Pipeline
                    .Parse(pipeline)
                    .Operators.Aggregate(Toy.Model, (model, one) => one.Apply(model, context))
            );
        }

        string alone = Train(null);
        Assert.All(Together.Run(2, Train), hash => Assert.Equal(alone, hash));
        Assert.All(Together.Run(4, Train), hash => Assert.Equal(alone, hash));
    }

    [Theory]
    [InlineData("O")]
    [InlineData("OD(layers=1)")]
    public void Language_models_do_so_too(string pipeline)
    {
        using ToyWriter writer = new();
        string Train(Communicator? all)
        {
            using Workers workers = new(1);
            OperatorContext context;
            Model model;
            lock (Making)
            {
                context = ToyCorpus.Context(writer, workers);
                model = writer.Model;
            }

            context = context with
            {
                Training = context.Training with { Shards = 4, Epochs = 1 },
                Processes = all,
            };
            return HashOf(
                Pipeline
                    .Parse(pipeline)
                    .Operators.Aggregate(model, (next, one) => one.Apply(next, context))
            );
        }

        string alone = Train(null);
        Assert.All(Together.Run(2, Train), hash => Assert.Equal(alone, hash));
        Assert.All(Together.Run(4, Train), hash => Assert.Equal(alone, hash));
    }

    [Fact]
    public void Shards_give_what_whole_batches_give_but_for_the_last_bits()
    {
        using Workers workers = new(1);
        Model Train(int shards)
        {
            OperatorContext context = Toy.Context(workers);
            Model still = Toy.Model with
            {
                Config = Toy.Config with
                {
                    Layers = [.. Toy.Config.Layers.Select(l => Toy.Dropping(l, 0, 0))],
                    EmbeddingDropout = 0,
                    Head = new ClassifierSpec(),
                },
            };
            return new FineTune().Apply(
                still,
                context with
                {
                    Training = context.Training with { Shards = shards, Epochs = 1 },
                }
            );
        }

        Model whole = Train(1),
            cut = Train(4);
        float most = whole.Parameters.Names.Max(name =>
            MemoryMarshal
                .ToEnumerable<float>(whole.Parameters[name].Span.ToArray())
                .Zip(cut.Parameters[name].Span.ToArray(), (a, b) => Math.Abs(a - b))
                .Max()
        );
        Assert.InRange(most, 1e-9f, 1e-3f);
    }

    [Fact]
    public void One_shard_is_in_no_key_and_more_are() =>
        Assert.Equal(
            TrainingOptions.Fast.Canonical() + ";shards=4",
            (TrainingOptions.Fast with { Shards = 4 }).Canonical()
        );

    /// <summary>Two processes are stopped, one of them is asked; four go on, of which the first alone has the file.</summary>
    [Fact]
    public void A_training_that_was_stopped_is_gone_on_with_by_another_number_of_processes()
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource stop = new();
        string Train(Communicator? all, bool stops)
        {
            using Workers workers = new(1);
            OperatorContext context;
            lock (Making)
            {
                context = Toy.Context(workers);
            }

            int looks = 0;
            context = context with
            {
                Training = context.Training with { Shards = 4 },
                Processes = all,
                Checkpoint = (all?.Rank ?? 1) == 0 ? Place(folder["kept"]) : null,
                Stop = stops && all!.Rank == 1 ? stop.Token : default,
                Time = new Counting(() =>
                {
                    if (stops && all!.Rank == 1 && ++looks == 20)
                    {
                        stop.Cancel();
                    }
                }),
                Report = _ => { },
            };
            return HashOf(new FineTune().Apply(Toy.Model, context));
        }

        string whole = Train(null, false);
        var stopped = Together.Ends(2, all => Train(all, true));
        Assert.Contains(
            "Another process of the group was asked to stop",
            Assert.IsType<LostProcessException>(stopped[0].Failure).Message
        );
        Assert.IsType<OperationCanceledException>(stopped[1].Failure);
        Assert.True(File.Exists(Path.Combine(folder["kept"], CheckpointPlace.FileName)));
        Assert.All(Together.Run(4, all => Train(all, false)), hash => Assert.Equal(whole, hash));
    }

    [Fact]
    public void A_loss_that_is_no_number_ends_all_of_them_with_the_same_sentence()
    {
        var ends = Together.Ends(
            2,
            all =>
            {
                using Workers workers = new(1);
                OperatorContext context;
                lock (Making)
                {
                    context = Toy.Context(workers);
                }

                return HashOf(
                    new FineTune().Apply(
                        Toy.Model,
                        context with
                        {
                            Training = context.Training with { Shards = 2, Rate = 1e30 },
                            Processes = all,
                        }
                    )
                );
            }
        );
        Assert.All(ends, end => Assert.IsType<DivergedException>(end.Failure));
        Assert.Single(ends.Select(end => end.Failure!.Message).Distinct());
    }

    static CheckpointPlace Place(string folder) => new(folder, Key, TimeSpan.FromHours(1));

    static string HashOf(Model model)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in model.Parameters.Names)
        {
            hash.AppendData(MemoryMarshal.AsBytes(model.Parameters[name].Span));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    sealed class Counting(Action looked) : TimeProvider
    {
        public override long GetTimestamp()
        {
            looked();
            return base.GetTimestamp();
        }
    }
}
