using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;

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

    /// <summary>For those who measure; it takes no turns.</summary>
    public Session Session { get; }

    /// <summary>Tokens that texts are cut to, special ones included.</summary>
    public int MaxLength { get; }

    /// <summary>Reads a model that was fine-tuned.</summary>
    /// <param name="model">A folder, such as a run's stage, or <c>owner/name</c> from the Hugging Face cache of this machine.</param>
    /// <exception cref="InvalidDataException">There is no such model, or a file of it is missing, damaged or of another kind.</exception>
    /// <exception cref="ArgumentException">A text's greatest length is more than the model can read, or leaves no room for a text.</exception>
    public static Classifier Load(string model, ClassifierOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new ClassifierOptions();
        string folder = ModelPlace.Find(model);
        LoadedModel loaded = ModelFolder.Load(folder);
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
            return new Classifier(folder, loaded, session, workers, length);
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
        lock (_turn)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            foreach (var together in texts.Chunk(TextsAtOnce))
            {
                Answer(together, effort ?? Effort.Full, answers);
            }
        }

        return answers;
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

    void Answer((string Text, string? Pair)[] texts, Effort effort, List<Prediction> answers)
    {
        if (texts.Any(t => t.Pair is not null))
        {
            CheckPairs();
        }

        TokenIds[] encoded = [.. texts.Select(t => Tokenizer.EncodeIds(t.Text, t.Pair, MaxLength))];
        int[] starts = new int[encoded.Length + 1];
        for (int i = 0; i < encoded.Length; i++)
        {
            starts[i + 1] = starts[i] + encoded[i].Ids.Length;
        }

        Batch batch = new()
        {
            Ids = [.. encoded.SelectMany(e => e.Ids)],
            TypeIds = [.. encoded.SelectMany(e => e.TypeIds)],
            Starts = starts,
        };
        Tensor logits_BO = new(texts.Length, Config.Outputs);
        int[] exits = new int[texts.Length];
        Session.Run(batch, effort, logits_BO, exits);
        for (int i = 0; i < texts.Length; i++)
        {
            answers.Add(
                Prediction.From(Config, logits_BO.Row(i), exits[i])
                    ?? throw new InvalidDataException(
                        $"{Folder}: the answer to text {answers.Count + 1} is not a number; the weights are damaged or too large."
                    )
            );
        }
    }
}
