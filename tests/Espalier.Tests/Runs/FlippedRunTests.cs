using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs;
using Espalier.Tensors;
using Espalier.Tests.Models;

namespace Espalier.Tests.Runs;

/// <summary>One flipped bit in any file of a run that was interrupted: the run that goes on gives the same bytes.</summary>
public sealed class FlippedRunTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("espalier").FullName;
    readonly Recipe _recipe;

    public FlippedRunTests()
    {
        string model = Path.Combine(_folder, "toy");
        ModelFolder.Save(Toy.Model, model, Toy.Tokenizer.Files());
        _recipe = new(Pipeline.Parse("EP"), Toy.Data, model, Toy.Training) { MaxLength = 16 };
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_flipped_bit_in_any_file_of_a_run_is_told_and_changes_no_byte()
    {
        string[] whole = Run("whole", new RunListener(), TimeProvider.System, Token);
        using CancellationTokenSource stop = new();
        StopAt clock = new("EP", 4, stop);
        Assert.Throws<OperationCanceledException>(() =>
            Run(
                "base",
                new RunListener { Stage = (name, _) => clock.Begin(name) },
                clock,
                stop.Token
            )
        );
        string[] files = Flips.Files(Path.Combine(_folder, "base"));
        Assert.Contains(files, f => f.EndsWith("training.safetensors"));
        Rng rng = new(77);
        ulong drawn = 0;
        foreach (string file in files)
        {
            for (int i = 0; i < 2; i++)
            {
                string copy = Flips.Copy(
                    Path.Combine(_folder, "base"),
                    Path.Combine(_folder, "copy")
                );
                string path = Path.Combine(copy, file);
                long bit = (long)(8 * new FileInfo(path).Length * rng.Uniform(drawn++));
                Flips.Flip(path, bit);
                List<string> notes = [];
                RunListener listener = new() { Note = notes.Add };
                Assert.True(
                    whole.SequenceEqual(Run("copy", listener, TimeProvider.System, Token)),
                    $"bit {bit} of {file}: other bytes"
                );
                Assert.True(
                    notes.Any(n => n.Contains(copy, StringComparison.Ordinal)),
                    $"bit {bit} of {file}: no word of it"
                );
                Directory.Delete(copy, recursive: true);
            }
        }
    }

    string[] Run(string folder, RunListener listener, TimeProvider time, CancellationToken stop)
    {
        using Workers workers = new(1);
        return
        [
            .. new Runner(workers, KernelFamily.Best, time)
                .Run(_recipe, Path.Combine(_folder, folder), listener, stop)
                .Select(s => ContentHash.OfFolder(s.Folder)),
        ];
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;
}
