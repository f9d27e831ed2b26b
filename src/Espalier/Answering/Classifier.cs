using System.Numerics.Tensors;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Answering;

/// <summary>
/// Text in, answer out: a model with its tokenizer, and the proof that they belong together. For several threads at once:
/// calls take turns, and each uses all of the threads. Dispose it to end its threads.
/// </summary>
public sealed class Classifier : IDisposable
{
    // Enough work for all threads at once, and memory that does not grow with the number of texts.
    const int TextsAtOnce = 32;

    readonly Lock _turn = new();
    readonly Workers _workers;
    bool _disposed;

    Classifier(string folder, LoadedModel loaded, Session session, Workers workers, int maxLength)
    {
        (Folder, Session, MaxLength) = (folder, session, maxLength);
        Notes = [.. loaded.Notes, .. Tokenizer.Notes];
        _workers = workers;
    }

    /// <summary>Where the model was read from.</summary>
    public string Folder { get; }

    /// <summary>What its user should know of the model, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>With its tokenizer.</summary>
    public Model Model => Session.Model;

    public ModelConfig Config => Model.Config;

    /// <summary>Names of the classes, in the order of <see cref="Prediction.Probabilities"/>.</summary>
    public IReadOnlyList<string> Labels => Config.Labels;

    public Tokenizer Tokenizer => Model.Tokenizer!;

    /// <summary>Otherwise its labels are drawn and say nothing.</summary>
    public bool IsFineTuned { get; private init; }

    /// <summary>For those who measure; it takes no turns.</summary>
    public Session Session { get; }

    /// <summary>Tokens that texts are cut to, special ones included.</summary>
    public int MaxLength { get; }

    /// <summary>Reads a model that was fine-tuned.</summary>
    /// <param name="model">A folder, such as a run's stage, or <c>owner/name</c> of the Hugging Face hub, which is downloaded where this machine does not have it.</param>
    /// <exception cref="InvalidDataException">There is no such model, or a file of it is missing, damaged or of another kind.</exception>
    /// <exception cref="Hub.HubException">The hub cannot be reached or does not let one in.</exception>
    /// <exception cref="ArgumentException">A text's greatest length is more than the model can read, or leaves no room for a text.</exception>
    public static Classifier Load(string model, ClassifierOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Load(ModelPlace.Find(model), options ?? new ClassifierOptions(), null);
    }

    /// <summary>Reads an encoder for its states (<see cref="EmbedEncoded"/>), whether anybody fine-tuned it or not.</summary>
    /// <inheritdoc cref="Load(string, ClassifierOptions?)"/>
    public static Classifier LoadEncoder(string model, ClassifierOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        string folder = ModelPlace.Find(model);
        return Load(
            folder,
            options ?? new ClassifierOptions(),
            ModelFolder.HasClassifier(folder) ? null : new Answers(["0", "1"], false, new Rng(1))
        );
    }

    /// <param name="drawn">A head that is drawn, for an encoder without one.</param>
    static Classifier Load(string folder, ClassifierOptions options, Answers? drawn)
    {
        LoadedModel loaded = ModelFolder.Load(folder, drawn);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        ModelConfig config = loaded.Model.Config;
        TokenizerFit.Check(folder, tokenizer, config, pairs: false);
        int length = TextFit.Length(folder, config, options.MaxLength);
        TextFit.CheckLength(tokenizer, length, pair: true);
        Workers workers = new(options.Threads);
        try
        {
            // Padding costs time and changes no answer.
            Session session = new(
                loaded.Model with
                {
                    Tokenizer = tokenizer,
                },
                workers,
                options.Kernels ?? KernelFamily.Best,
                padTo: null
            );
            return new Classifier(folder, loaded, session, workers, length)
            {
                IsFineTuned = drawn is null,
            };
        }
        catch (Exception e)
        {
            workers.Dispose();
            throw e is InvalidDataException
                ? new InvalidDataException($"{folder}: {e.Message}", e)
                : e;
        }
    }

    /// <summary>Answers one text, or a pair of them.</summary>
    /// <param name="pair">The second text, for a model of sentence pairs.</param>
    /// <param name="effort">How sure an early exit must be; null: every text goes through all layers.</param>
    /// <exception cref="InvalidDataException">The answer is not a number: the weights are damaged.</exception>
    public Prediction Predict(string text, string? pair = null, Effort? effort = null) =>
        PredictMany([(text, pair)], effort)[0];

    /// <summary>Answers texts, in their order. An answer does not depend on the texts beside it.</summary>
    /// <inheritdoc cref="Predict"/>
    public IReadOnlyList<Prediction> PredictMany(
        IEnumerable<string> texts,
        Effort? effort = null
    ) => PredictMany(texts.Select(text => (text, (string?)null)), effort);

    /// <summary>Answers pairs of texts, in their order; a text whose second is null stands alone.</summary>
    /// <inheritdoc cref="Predict"/>
    public IReadOnlyList<Prediction> PredictMany(
        IEnumerable<(string Text, string? Pair)> texts,
        Effort? effort = null
    )
    {
        List<Prediction> answers = [];
        foreach (var together in texts.Chunk(TextsAtOnce))
        {
            lock (_turn)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                answers.AddRange(Answer(together, effort ?? Effort.Full));
            }
        }

        return answers;
    }

    /// <summary>What the model reads of a text or a pair, cut to <see cref="MaxLength"/>; any number of threads may ask at once.</summary>
    public TokenIds Encode(string text, string? pair = null) =>
        Tokenizer.EncodeIds(text, pair, MaxLength);

    /// <summary>Answers texts that were encoded, all in one pass, in their order.</summary>
    /// <param name="efforts">Of each text, or one for all.</param>
    /// <exception cref="InvalidDataException">An answer is not a number: the weights are damaged.</exception>
    public IReadOnlyList<Prediction> PredictEncoded(
        ReadOnlySpan<TokenIds> texts,
        ReadOnlySpan<Effort> efforts
    )
    {
        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return texts.IsEmpty ? [] : Answer(texts, efforts);
        }
    }

    /// <summary>
    /// Of each text that was encoded the mean of its tokens' states behind the last layer, [D], as sentence-transformers pools
    /// (Reimers &amp; Gurevych 2019); all texts go through in one pass, in their order.
    /// </summary>
    /// <exception cref="InvalidDataException">The model drops tokens on the way, so that a mean would be that of some.</exception>
    public IReadOnlyList<float[]> EmbedEncoded(ReadOnlySpan<TokenIds> texts)
    {
        if (Config.DropsTokens)
        {
            throw new InvalidDataException(
                $"The model in {Folder} drops tokens on the way and has no states of whole texts; embed with one that keeps them."
            );
        }

        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (texts.IsEmpty)
            {
                return [];
            }

            Batch batch = BatchOf(texts);
            Tensor logits = new(texts.Length, Config.ExitCount * Config.Outputs);
            float[][] means = new float[texts.Length][];
            Session.RunAllExits(
                batch,
                logits,
                (layer, states_TD) =>
                {
                    for (int s = 0; layer == Config.Layers.Count - 1 && s < means.Length; s++)
                    {
                        means[s] = Mean(states_TD, batch.Starts[s], batch.Starts[s + 1]);
                    }
                }
            );
            return means;
        }
    }

    static float[] Mean(Tensor states_TD, int from, int to)
    {
        float[] sum = new float[states_TD.Columns];
        for (int t = from; t < to; t++)
        {
            TensorPrimitives.Add(sum, states_TD.Row(t), sum);
        }

        TensorPrimitives.Divide(sum, to - from, sum);
        return sum;
    }

    /// <exception cref="InvalidDataException">The model cannot read two texts as this tokenizer gives them.</exception>
    public void CheckPairs() => TokenizerFit.Check(Folder, Tokenizer, Config, pairs: true);

    public void Dispose()
    {
        lock (_turn)
        {
            if (!_disposed)
            {
                _disposed = true;
                _workers.Dispose();
            }
        }
    }

    Prediction[] Answer((string Text, string? Pair)[] texts, Effort effort)
    {
        if (texts.Any(t => t.Pair is not null))
        {
            CheckPairs();
        }

        return Answer([.. texts.Select(t => Encode(t.Text, t.Pair))], [effort]);
    }

    static Batch BatchOf(ReadOnlySpan<TokenIds> texts)
    {
        int[] starts = new int[texts.Length + 1];
        for (int i = 0; i < texts.Length; i++)
        {
            starts[i + 1] = starts[i] + texts[i].Ids.Length;
        }

        int[] ids = new int[starts[^1]],
            types = new int[starts[^1]];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i].Ids.CopyTo(ids, starts[i]);
            texts[i].TypeIds.CopyTo(types, starts[i]);
        }

        return new Batch
        {
            Ids = ids,
            TypeIds = types,
            Starts = starts,
        };
    }

    Prediction[] Answer(ReadOnlySpan<TokenIds> texts, ReadOnlySpan<Effort> efforts)
    {
        Batch batch = BatchOf(texts);
        int[] exits = new int[texts.Length];
        Tensor logits_BO = new(texts.Length, Config.Outputs);
        Session.Run(batch, efforts, logits_BO, exits);
        Prediction[] answers = new Prediction[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            answers[i] =
                Prediction.From(Config, logits_BO.Row(i), exits[i])
                ?? throw new InvalidDataException(
                    $"{Folder}: the answer to text {i + 1} of {texts.Length} is not a number; the weights are damaged or too large."
                );
        }

        return answers;
    }
}
