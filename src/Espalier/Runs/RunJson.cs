using Espalier.Checkpoints;
using Espalier.Measuring;

namespace Espalier.Runs;

/// <summary>The document of a run; docs/run-json.md describes it.</summary>
public static class RunJson
{
    /// <summary>Grows when a field changes its meaning or goes away.</summary>
    public const int Version = 1;

    /// <param name="kernels">Those that trained.</param>
    public static byte[] Of(Recipe recipe, string kernels, IReadOnlyList<MeasuredStage> stages) =>
        JsonOutput.Document(json =>
        {
            json.WriteNumber("version", Version);
            json.Object(
                "recipe",
                () =>
                {
                    json.WriteString("pipeline", $"{recipe.Pipeline}");
                    json.WriteString("model_sha256", ContentHash.Of(recipe.ModelFolder));
                    json.WriteString("task", recipe.Data.Task.Name);
                    json.WriteString("data_sha256", recipe.Data.ContentHash());
                    json.WriteString("training", recipe.Training.Canonical());
                    json.WriteString("training_kernels", kernels);
                    json.WriteNumber("seed", recipe.Seed);
                    json.WriteNumber("max_length", recipe.MaxLength);
                    json.WriteNumber("batch", recipe.BatchSize);
                    json.Objects(
                        "operators",
                        recipe.Pipeline.Operators,
                        next =>
                        {
                            json.WriteString("text", next.Canonical());
                            json.WriteNumber("version", next.Version);
                        }
                    );
                }
            );
            json.Objects(
                "stages",
                stages,
                measured =>
                {
                    Stage stage = measured.Stage;
                    json.WriteString("pipeline", stage.Pipeline);
                    json.WriteString("folder", RunFolder.NameOf(stage.Planned));
                    json.WriteString("key", stage.Planned.Key.Hex);
                    json.OptionalNumber(
                        "seconds",
                        stage.Seconds is { } seconds ? Math.Round(seconds, 3) : null
                    );
                    json.Estimate("speed_up", measured.SpeedUp);
                    json.Estimate("speed_up_over_previous", measured.SpeedUpOverPrevious);
                    json.WriteString("row", $"{measured.Row.Effort}");
                    json.Array("curve", measured.Curve, m => m.WriteTo(json));
                }
            );
        });
}
