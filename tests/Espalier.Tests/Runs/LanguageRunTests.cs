using Espalier.Operators;
using Espalier.Runs;
using Espalier.Runs.Studies;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs;

/// <summary>Runs of a language model whose teacher writes, remembers and is searched a shape of.</summary>
[Trait("tier", "golden")]
public sealed class LanguageRunTests : IDisposable
{
    readonly ToyWriter _toy = new();
    readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _toy.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("O(downloaded)D(layers=1,data=self,tokens=640)Q(bits=4)", 0)]
    [InlineData("O(downloaded)P(minitron,parameters=0.6)Q(bits=8)", 1 << 30)]
    public void A_run_that_is_killed_at_random_and_called_again_ends_with_the_same_bytes(
        string pipeline,
        long teacherBytes
    )
    {
        StudyRecipe recipe = StudyRecipe.OfRun(
            Pipeline.Parse(pipeline),
            ToyCorpus.Data,
            _toy.Folder,
            ToyCorpus.Training,
            seed: 1
        ) with
        {
            Precision = "fp32",
            MaxLength = ToyCorpus.Window,
        };
        Looks all = new(int.MaxValue);
        string[] whole = Make("whole", all, OperatorContext.UsualTeacherBytes);
        Assert.Equal(3, whole.Length);
        Rng chance = new(77);
        int killed = 0;
        for (ulong i = 0; ; i++)
        {
            Looks looks = new(1 + chance.Below(all.Count / 2, i));
            try
            {
                Assert.Equal(whole, Make("killed", looks, teacherBytes));
                break;
            }
            catch (OperationCanceledException)
            {
                Assert.True(++killed < 100, $"{killed} times of {all.Count} looks");
            }
        }

        Assert.True(killed > 0);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.bin", SearchOption.AllDirectories));

        string[] Make(string folder, Looks looks, long bytes)
        {
            using Runner runner = ToyStudy.OpenRun(recipe, _folder[folder], time: looks);
            MachineTurn turn = new(_folder["machine.lock"], null);
            runner.Make(runner.Here(turn, bytes), new StudyListener(), looks.Stop.Token);
            return ToyStudy.Shown(_folder[folder]);
        }
    }
}
