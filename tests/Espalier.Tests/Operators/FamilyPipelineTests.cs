using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>Every family goes through every operator, and what comes out is read again and answers the same.</summary>
[Trait("tier", "golden")]
public sealed class FamilyPipelineTests
{
    public static TheoryData<string> Families =>
        [
            "xlm-roberta",
            "electra",
            "albert",
            "albert-groups",
            "modernbert",
            "modernbert-mean",
            "modernbert-biases",
        ];

    [Theory]
    [MemberData(nameof(Families))]
    public void A_family_runs_the_whole_pipeline_and_reloads(string name)
    {
        ModelConfig config = ModelFolder.Config(Golden.Own("families", name)) with
        {
            Vocabulary = Toy.Tokenizer.VocabularySize,
            PadId = Toy.Tokenizer.PadId ?? 0,
            Labels = Toy.Definition.Labels,
        };
        using Workers workers = new(1);
        Model model = Toy.Make(config);
        string folder = Directory.CreateTempSubdirectory("espalier").FullName;
        foreach (Operator here in Pipeline.Parse("VDEP(heads=0.5)LQ").Operators)
        {
            model = here.Apply(model, Toy.Context(workers));
            model.Check();
            string saved = Path.Combine(folder, $"{here.Letter}");
            ModelFolder.Save(model, saved, model.Tokenizer!.Files());
            Model again = ModelFolder.Load(saved).Model;
            Assert.Equal(model.Config.Layers, again.Config.Layers);
            Assert.Equal(model.Config.Sharing, again.Config.Sharing);
            Assert.Equal(
                Toy.Logits(model, workers),
                Toy.Logits(again with { Tokenizer = model.Tokenizer }, workers)
            );
        }

        Assert.All(Toy.Logits(model, workers), l => Assert.True(float.IsFinite(l)));
        Directory.Delete(folder, recursive: true);
    }
}
