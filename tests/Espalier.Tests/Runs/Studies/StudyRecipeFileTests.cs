using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs.Studies;
using Espalier.Tests.Models;

namespace Espalier.Tests.Runs.Studies;

public sealed class StudyRecipeFileTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void Every_problem_is_told_at_once_with_its_field()
    {
        string path = _toy["wrong.json"];
        File.WriteAllText(
            path,
            """
            {"version":9,"model":"nowhere","tasks":[{"name":"sentimnet"},{"name":"mrpc","data":"no-folder"},{"name":"x","colour":1}],
             "pipelines":["DXQ","QD",{"orders":"DE","sizes":[7]},{"orders":"E","then":3},5,"D(student=gone)"],
             "seeds":[1,1],"training":{"preset":"slow","epochs":0,"speed":1,"precision":"fp8"},"batches":[],"efforts":1,"effort":"often","sedes":[2]}
            """
        );
        string[] problems = Assert
            .Throws<ArgumentException>(() => StudyRecipeFile.Read(path, _ => null))
            .Message.Split('\n');
        string[] expected =
        [
            "field 'sedes' is unknown",
            "field 'version' is 9",
            "field 'model': nowhere: there is no such folder",
            "field 'tasks[0]': There is no task 'sentimnet'",
            "field 'tasks[1]':",
            "field 'tasks[2].colour' is unknown",
            "field 'pipelines[0]': Pipeline 'DXQ', character 2",
            "field 'pipelines[1]' is QD: D trains and Q does not",
            "field 'pipelines[2]': 7 of the 2 operators",
            "field 'then' is 3",
            "field 'pipelines[4]': is neither",
            "field 'pipelines[5]' names",
            "field 'seeds' must name",
            "field 'training.speed' is unknown",
            "field 'training.preset' is \"slow\"; fast or xin2022 was expected",
            "field 'training.epochs' is 0",
            "field 'training.precision' is \"fp8\"",
            "field 'batches' must name",
            "field 'efforts' is 1",
            "field 'effort':",
        ];
        foreach (string part in expected)
        {
            Assert.True(
                problems.Any(p => p.StartsWith(path) && p.Contains(part)),
                $"nothing says \"{part}\" in:\n{string.Join('\n', problems)}"
            );
        }
    }

    [Fact]
    public void All_pipelines_may_begin_with_the_model_as_downloaded()
    {
        ModelFolder.Save(
            Toy.Make(Toy.Config with { Labels = ["0", "1"] }),
            _toy["toy"],
            Toy.Tokenizer.Files(),
            overwrite: true
        );
        string path = _toy.Write(
            """["LQ","O(downloaded)Q"]""",
            more: ",\"original\":\"downloaded\""
        );
        StudyRecipe recipe = StudyRecipeFile.Read(path, _ => null);
        Assert.Equal(["O(downloaded)LQ", "O(downloaded)Q"], recipe.Pipelines.Select(p => $"{p}"));
        StudyPlan plan = recipe.Plan("avx2");
        Assert.DoesNotContain(plan.Stages, s => s.Operator.Trains);
        Assert.NotEqual(
            plan.Stages[0].Key,
            (recipe with { Pipelines = [Pipeline.Parse("L")] }).Plan("avx2").Stages[0].Key
        );
    }

    [Fact]
    public void A_model_without_a_classifier_for_the_task_is_refused_as_downloaded_before_anything_runs()
    {
        string message = Assert
            .Throws<InvalidDataException>(() =>
                StudyRecipeFile.Read(_toy.Write("""["LQ","O(downloaded)Q"]"""), _ => null)
            )
            .Message;
        Assert.Contains("field 'model'", Assert.Single(message.Split('\n')));
        Assert.Contains("knows the classes bad, good, and toy has 0, 1", message);
    }

    [Fact]
    public void Paths_stand_in_relation_to_the_recipe_and_defaults_are_filled_in()
    {
        StudyRecipe recipe = StudyRecipeFile.Read(_toy.Write("""["DEPLQ"]"""), _ => null);
        Assert.Equal(_toy["toy"], recipe.ModelFolder);
        Assert.Equal(96, recipe.Tasks[0].Training.Count);
        Assert.Equal("recipe", recipe.Name);
        Assert.Equal([1], recipe.Batches);
        Assert.Equal("confidence:0.9", $"{recipe.Effort}");
        Assert.Equal(8, recipe.Training.BatchSize);
        Assert.Equal(0.1, recipe.Training.WarmUp);
    }

    [Theory]
    [InlineData("""["often","confidence:0.9","confidence:2"]""", "'efforts[0]': 'often' is no")]
    [InlineData("""["often","confidence:0.9","confidence:2"]""", "'efforts[2]': 'confidence:2'")]
    [InlineData("""["confidence:0.9","confidence:0.90"]""", "'efforts': must name at least one")]
    [InlineData("[]", "'efforts': must name at least one effort, and none twice")]
    [InlineData("[0.9]", "field 'efforts[0]' is 0.9")]
    [InlineData("\"confidence:0.9\"", "field 'efforts' is \"confidence:0.9\"")]
    public void A_wrong_list_of_efforts_is_told(string efforts, string expected)
    {
        string recipe = _toy.Write("""["DXQ"]""");
        File.WriteAllText(
            recipe,
            File.ReadAllText(recipe).Replace("\"efforts\":3", "\"efforts\":" + efforts)
        );
        string problems = Assert
            .Throws<ArgumentException>(() => StudyRecipeFile.Read(recipe, _ => null))
            .Message;
        Assert.Contains(expected, problems);
        Assert.Contains("'DXQ', character 2", problems);
    }

    [Fact]
    public void A_task_of_numbers_needs_an_effort_that_numbers_have()
    {
        string recipe = _toy.Write("""["E"]""");
        string text = File.ReadAllText(recipe)
            .Replace("\"label\":", "\"regression\":true,\"label\":");
        File.WriteAllText(
            recipe,
            text.Replace("\"efforts\":3", "\"efforts\":[\"confidence:0.9\"]")
        );
        Assert.Contains(
            "field 'efforts' holds none for 'toy'",
            Assert.Throws<ArgumentException>(() => StudyRecipeFile.Read(recipe, _ => null)).Message
        );
        File.WriteAllText(recipe, text.Replace("\"efforts\":3", "\"efforts\":[\"patience:1\"]"));
        Assert.Equal("patience:1", $"{StudyRecipeFile.Read(recipe, _ => null).Efforts}");
    }

    [Theory]
    [InlineData("", "is ''")]
    [InlineData(".hidden", "is '.hidden'")]
    [InlineData("a/b", "is 'a/b'")]
    public void A_name_that_is_no_files_name_is_told(string name, string expected)
    {
        string recipe = _toy.Write("""["E"]""", more: $",\"name\":\"{name}\"");
        Assert.Contains(
            $"field 'name' {expected}; letters, digits, '-', '_' and '.' were expected, and no '.' first",
            Assert.Throws<ArgumentException>(() => StudyRecipeFile.Read(recipe, _ => null)).Message
        );
    }

    [Fact]
    public void A_missing_field_is_named()
    {
        string path = _toy["empty.json"];
        File.WriteAllText(path, "{}");
        string problems = Assert
            .Throws<InvalidDataException>(() => StudyRecipeFile.Read(path, _ => _toy["toy"]))
            .Message;
        foreach (string field in (string[])["version", "tasks", "pipelines", "seeds"])
        {
            Assert.Contains($"field '{field}' is missing", problems);
        }
    }
}
