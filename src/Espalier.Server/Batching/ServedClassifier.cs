using Espalier.Answering;
using Espalier.Models;
using Espalier.Text;

namespace Espalier.Server.Batching;

/// <summary>Answers encoded texts in one pass; of each its effort.</summary>
delegate IReadOnlyList<Prediction> AnswerBatch(
    ReadOnlySpan<TokenIds> texts,
    ReadOnlySpan<Effort> efforts
);

/// <summary>
/// A classifier, or another encoder, that many ask at once. While it is at one batch the next ones gather; as soon as it is free it takes what waits, and
/// never waits itself for a batch to fill. Nothing is padded, so texts of any lengths, pairs and efforts go together.
/// </summary>
public sealed class ServedClassifier : ServedModel
{
    // More at once costs whoever waits time and hardly saves any: products of this many rows are at their best already.
    const int MostTokens = 1024;

    readonly AnswerBatch _answer;
    WaitingLine<EncoderJob> _line = null!;
    EffortControl? _control;
    int _running;
    double _secondsOfOne;

    public ServedClassifier(string name, Classifier model)
        : this(name, model, model.PredictEncoded) { }

    /// <param name="answer">Answers in the model's place: another engine is measured in the very same server.</param>
    internal ServedClassifier(string name, Classifier model, AnswerBatch answer)
        : base(name) => (Model, _answer) = (model, answer);

    public Classifier Model { get; }

    /// <summary>Holds the latency where that is asked for; null: effort stays.</summary>
    internal EffortControl? Control => _control;

    internal override string Folder => Model.Folder;

    internal override int Waiting => _line.Count;

    internal override int Running => _running;

    /// <summary>Answers texts, each in the batch in which its turn comes.</summary>
    /// <exception cref="Api.Refusal">Too many wait already.</exception>
    internal Task<T[]> Answer<T>(IReadOnlyList<EncoderJob<T>> jobs)
    {
        if (!_line.TryAdd(jobs))
        {
            throw Full(_secondsOfOne);
        }

        return Task.WhenAll(jobs.Select(j => j.Done));
    }

    private protected override void Prepare()
    {
        _line = new WaitingLine<EncoderJob>(Options.MostWaiting);
        if (Options.LatencyTarget is not { } target)
        {
            return;
        }

        if (!Model.Config.HasExits)
        {
            Options.Tell($"{Name} has no early exits, so a latency target changes nothing for it.");
            return;
        }

        _control = new EffortControl(
            EffortControl.Ladder(Model.Config, Options.Effort, Options.LeastEffort),
            target,
            Options.Time
        );
    }

    private protected override void Work()
    {
        List<EncoderJob> batch = [];
        while (_line.Wait())
        {
            batch.Clear();
            int tokens = 0;
            while (
                _line.TryTake(
                    next =>
                        batch.Count == 0
                        || next.GetType() == batch[0].GetType()
                            && tokens + next.Text.Ids.Length <= MostTokens,
                    out EncoderJob? job
                )
            )
            {
                batch.Add(job);
                tokens += job.Text.Ids.Length;
            }

            if (batch.Count > 0)
            {
                _running = batch.Count;
                Answer(batch, tokens);
                _running = 0;
            }
        }
    }

    void Answer(List<EncoderJob> batch, int tokens)
    {
        long began = Options.Time.GetTimestamp();
        _control?.Begin();
        TokenIds[] texts = [.. batch.Select(j => j.Text)];
        Action tell;
        try
        {
            tell =
                batch[0] is ClassifyJob
                    ? Classify([.. batch.Cast<ClassifyJob>()], texts)
                    : Embed([.. batch.Cast<EmbedJob>()], texts);
        }
        catch (Exception e)
        {
            Api.Refusal broken = Broken(e);
            tell = () => batch.ForEach(j => j.Fail(broken));
        }

        _control?.End();
        double seconds = Options.Time.GetElapsedTime(began).TotalSeconds;
        _secondsOfOne += 0.1 * (seconds / batch.Count - _secondsOfOne);
        Figures.Batch(Name, batch.Count, tokens, seconds);
        Figures.Tokens(Name, "prompt", tokens);
        foreach (EncoderJob job in batch)
        {
            Figures.Waited(Name, Options.Time.GetElapsedTime(job.Arrived, began).TotalSeconds);
        }

        // Whoever has an answer finds it counted.
        tell();
    }

    Action Embed(EmbedJob[] batch, TokenIds[] texts)
    {
        IReadOnlyList<float[]> means = Model.EmbedEncoded(texts);
        return () =>
        {
            for (int i = 0; i < batch.Length; i++)
            {
                batch[i].Answer(means[i]);
            }
        };
    }

    Action Classify(ClassifyJob[] batch, TokenIds[] texts)
    {
        Effort ours = _control?.Now ?? Options.Effort;
        Effort[] efforts = [.. batch.Select(j => j.Effort ?? ours)];
        IReadOnlyList<Prediction> answers = _answer(texts, efforts);
        foreach (Prediction answer in answers)
        {
            Figures.Left(Name, answer.Exit);
        }

        return () =>
        {
            for (int i = 0; i < batch.Length; i++)
            {
                batch[i].Answer(answers[i], efforts[i]);
            }
        };
    }

    private protected override void Close() => _line.Close();

    private protected override void DisposeModel() => Model.Dispose();
}
