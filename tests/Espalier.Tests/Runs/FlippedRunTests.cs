using System.Collections.Concurrent;
using Espalier.Runs.Studies;
using Espalier.Tensors;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs;

/// <summary>One flipped bit in any file of a run that was interrupted: the run that goes on gives the same bytes.</summary>
public sealed class FlippedRunTests : IDisposable
{
    readonly ToyStudy _toy = new();
    readonly StudyRecipe _recipe;

    public FlippedRunTests() => _recipe = _toy.RunOf("EP");

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void A_flipped_bit_in_any_file_of_a_run_is_told_and_changes_no_byte()
    {
        string[] whole = _toy.MakeRun(_recipe, _toy["whole"], threads: 1);
        using CancellationTokenSource stop = new();
        StopAt clock = new("EP", 4, stop);
        StudyListener began = new() { Stage = (stage, _) => clock.Begin($"{stage.Pipeline}") };
        Assert.Throws<OperationCanceledException>(() =>
            _toy.MakeRun(_recipe, _toy["base"], began, null, 1, clock, stop.Token)
        );
        string[] files =
        [
            .. Flips
                .Files(_toy["base"])
                .Where(f => new FileInfo(Path.Combine(_toy["base"], f)).Length > 0),
        ];
        Assert.Contains(files, f => f.EndsWith("training.safetensors"));
        Assert.Contains(files, f => f.StartsWith("1-O-"));
        Rng rng = new(77);
        ulong drawn = 0;
        foreach (string file in files)
        {
            for (int i = 0; i < 2; i++)
            {
                string copy = Flips.Copy(_toy["base"], _toy["copy"]);
                string path = Path.Combine(copy, file);
                long bit = (long)(8 * new FileInfo(path).Length * rng.Uniform(drawn++));
                Flips.Flip(path, bit);
                ConcurrentBag<string> told = [];
                try
                {
                    Assert.True(
                        whole.SequenceEqual(
                            _toy.MakeRun(
                                _recipe,
                                copy,
                                new StudyListener { Note = told.Add },
                                threads: 1
                            )
                        ),
                        $"bit {bit} of {file}: other bytes"
                    );
                }
                catch (InvalidDataException e) when (file.EndsWith("FORMAT"))
                {
                    // Whose store it is cannot be told; without it, the run goes on from what is shown.
                    told.Add(e.Message);
                    Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
                    Assert.Equal(whole, _toy.MakeRun(_recipe, copy, threads: 1));
                }

                // The record of what the store is for is written anew by every call, and notes say nothing that is relied on.
                Assert.True(
                    file.Contains("studies")
                        || file.Contains("diary")
                        || told.Any(n => n.Contains(copy, StringComparison.Ordinal)),
                    $"bit {bit} of {file}: no word of it"
                );
                Directory.Delete(copy, recursive: true);
            }
        }
    }
}
