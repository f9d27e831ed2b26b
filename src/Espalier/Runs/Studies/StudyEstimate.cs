using Espalier.Data;
using Espalier.Models.Storage;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>What is left of a study.</summary>
/// <param name="Stages">With their state and the core-seconds that they will take, done ones 0.</param>
/// <param name="Seconds">Of everything on the threads there are, measuring included.</param>
/// <param name="Bytes">That the store will grow by.</param>
/// <param name="Rule">How the estimate was made, in a sentence.</param>
public sealed record StudyEstimate(
    IReadOnlyList<(PlannedStage Stage, bool Done, double CoreSeconds)> Stages,
    int GroupsToMeasure,
    double Seconds,
    long Bytes,
    string Rule
)
{
    // Where nothing is recorded: forward and backward are 6 operations for each weight and token.
    const double OperationsPerWeightAndToken = 6;
    const double OperationsPerCoreSecond = 2e10;
    const double SecondsToMeasureModel = 6;
    const int BytesPerWeight = 4;
    const double CharactersPerToken = 4;

    /// <summary>Of what is left, without measuring.</summary>
    public double TrainingSeconds(int threads) => Stages.Sum(s => s.CoreSeconds) / threads;

    /// <summary>All models of a group, alone on a machine.</summary>
    public static double SecondsToMeasure(PlannedGroup group) =>
        Math.Max(MeasuringOptions.LeastSeconds, SecondsToMeasureModel * group.Models.Count);

    public static StudyEstimate Of(Study study, int threads)
    {
        IReadOnlyList<StoredAction> recorded =
        [
            .. study.Store.Actions().Where(a => a.Kind == ActionKind.Stage),
        ];
        long original = study.Recipe.Tasks.Any(t => t.Task.Kind is Corpus)
            ? BytesPerWeight
                * ModelFolder
                    .Config(study.Recipe.ModelFolder)
                    .Shapes()
                    .Sum(p => (long)p.Shape.Count)
            : ModelFolder.WeightBytesOf(study.Recipe.ModelFolder);
        bool ruled = false;
        List<(PlannedStage, bool, double)> stages = [];
        long bytes = 0;
        foreach (PlannedStage stage in study.Plan.Stages)
        {
            bool done = study.Store.TryRead(stage.Key) is not null;
            double seconds = 0;
            if (!done && stage.Operator.Trains)
            {
                StoredAction[] alike = Alike(recorded, stage);
                ruled |= alike.Length == 0;
                seconds =
                    alike.Length > 0
                        ? alike.Average(a => a.Seconds * a.Threads)
                        : Ruled(stage, original);
                bytes += alike.Length > 0 ? (long)alike.Average(a => a.Bytes) : original;
            }

            stages.Add((stage, done, seconds));
        }

        PlannedGroup[] groups = [.. study.Plan.Groups.Where(g => !study.IsMeasured(g))];
        double measuring = groups.Sum(SecondsToMeasure);
        return new StudyEstimate(
            stages,
            groups.Length,
            stages.Sum(s => s.Item3) / threads + measuring,
            bytes,
            ruled
                ? $"Where no stage of its kind is recorded: {OperationsPerWeightAndToken} operations for each weight{(study.Recipe.Tasks.Any(t => t.Task.Kind is Corpus) ? "" : " outside the embeddings")}, token and pass, {OperationsPerCoreSecond / 1e9:0} G a core-second."
                : "From the times of recorded stages of the same operator and task."
        );
    }

    /// <summary>Stages with the same operator at the end and the same task, of this or another seed.</summary>
    static StoredAction[] Alike(IReadOnlyList<StoredAction> recorded, PlannedStage stage)
    {
        string last = $"{stage.Operator}";
        StoredAction[] sameTask =
        [
            .. recorded.Where(a => a.Task == stage.Recipe.Data.Task.Name && a.Seconds > 0),
        ];
        StoredAction[] samePipeline = [.. sameTask.Where(a => a.Pipeline == $"{stage.Pipeline}")];
        return samePipeline.Length > 0
            ? samePipeline
            : [.. sameTask.Where(a => a.Pipeline.EndsWith(last, StringComparison.Ordinal))];
    }

    static double Ruled(PlannedStage stage, long original)
    {
        Split train = stage.Recipe.Data.Training;
        if (stage.Recipe.Data.Task.Kind is Corpus)
        {
            // A language model goes through all of a text, and multiplies with the table of its words at each token.
            return OperationsPerWeightAndToken
                * original
                / BytesPerWeight
                * (
                    stage.Operator.Writes
                    ?? train.Examples.Sum(e => e.Text.Length / CharactersPerToken)
                )
                * stage.Recipe.Training.Epochs
                / OperationsPerCoreSecond;
        }

        // Two thirds of a small encoder's weights are not embeddings.
        double tokens = train.Examples.Sum(e =>
            Math.Min(
                stage.Recipe.MaxLength,
                2 + (e.Text.Length + (e.Pair?.Length ?? 0)) / CharactersPerToken
            )
        );
        double weights = original / (double)BytesPerWeight / 1.5;
        return OperationsPerWeightAndToken
            * weights
            * tokens
            * stage.Recipe.Training.Epochs
            / OperationsPerCoreSecond;
    }
}
