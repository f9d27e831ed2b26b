using System.Diagnostics;
using System.Text;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Text;
using Espalier.Text.Chat;

namespace Espalier.Answering;

/// <summary>
/// Text in, text out: a language model with its tokenizer. For several threads at once: calls take turns, and each uses all of the
/// threads. Dispose it to end its threads.
/// </summary>
public sealed class LanguageModel : IDisposable
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    readonly Lock _turn = new();
    readonly Generator _generator;
    readonly Lazy<ChatTemplate?> _template;
    bool _disposed;

    LanguageModel(string folder, LoadedModel loaded, PackedModel packed, Workers workers)
    {
        (Folder, Packed, Workers) = (folder, packed, workers);
        _generator = new Generator(packed, workers);
        _template = new Lazy<ChatTemplate?>(Tokenizer.ReadChatTemplate);
        Notes = [.. loaded.Notes, .. Tokenizer.Notes];
    }

    /// <summary>Where the model was read from.</summary>
    public string Folder { get; }

    /// <summary>What its user should know of the model, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>With its tokenizer.</summary>
    public Model Model => Packed.Model;

    public ModelConfig Config => Model.Config;

    public Tokenizer Tokenizer => Model.Tokenizer!;

    /// <summary>How far each token goes, where the model has early exits.</summary>
    public Effort Effort
    {
        get => _generator.Effort;
        set => _generator.Effort = value;
    }

    /// <summary>For those who measure: sessions of their own share it.</summary>
    public PackedModel Packed { get; }

    public Workers Workers { get; }

    /// <param name="model">A folder, a GGUF file, or <c>owner/name</c> of the Hugging Face hub, which is downloaded where this machine does not have it.</param>
    /// <param name="threads">Processor threads; texts do not depend on it.</param>
    /// <param name="kernels">Null: the best that this machine has.</param>
    /// <exception cref="InvalidDataException">There is no such model, it is no language model, or a file of it is damaged.</exception>
    /// <exception cref="Hub.HubException">The hub cannot be reached or does not let one in.</exception>
    public static LanguageModel Load(
        string model,
        int? threads = null,
        KernelFamily? kernels = null
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        string folder = ModelPlace.Find(model);
        ModelConfig config = ModelFolder.Config(folder);
        if (!config.IsLanguage)
        {
            throw new InvalidDataException(
                $"{folder}: a {config.Family.ModelType} model reads texts and says no next token; name a language model, such as SmolLM2-135M-Instruct."
            );
        }

        LoadedModel loaded = ModelFolder.Load(folder, asStored: true);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        TokenizerFit.Check(folder, tokenizer, loaded.Model.Config, pairs: false);
        Workers workers = new(threads ?? Environment.ProcessorCount);
        try
        {
            PackedModel packed = new(
                loaded.Model with
                {
                    Tokenizer = tokenizer,
                },
                workers,
                kernels ?? KernelFamily.Best
            );
            return new LanguageModel(folder, loaded, packed, workers);
        }
        catch (Exception e)
        {
            workers.Dispose();
            throw e is InvalidDataException
                ? new InvalidDataException($"{folder}: {e.Message}", e)
                : e;
        }
    }

    /// <summary>What the model reads of a text that it goes on from; any number of threads may ask at once.</summary>
    /// <exception cref="InvalidDataException">It is empty or longer than the model's context.</exception>
    public int[] Prompt(string text) => Checked(Tokenizer.EncodeIds(text).Ids);

    /// <summary>What the model reads of some messages, the last of which it answers, in the form of its chat template.</summary>
    /// <exception cref="InvalidDataException">The model has no chat template, it refuses the messages, or they are longer than the context.</exception>
    public int[] Prompt(IReadOnlyList<ChatMessage> messages)
    {
        ChatTemplate template =
            _template.Value
            ?? throw new InvalidDataException(
                $"The model in {Folder} has no chat template; it goes on from texts (leave --chat out), or its instruct form is meant."
            );
        string text = template.Render(messages, addGenerationPrompt: true, now: DateTimeOffset.Now);
        return Checked(Tokenizer.EncodeAlone(text));
    }

    int[] Checked(int[] prompt) =>
        prompt.Length == 0
            ? throw new InvalidDataException(
                "The prompt has no tokens; give the model a text to go on from."
            )
        : prompt.Length > Config.MaxLength
            ? throw new InvalidDataException(
                $"The prompt is {prompt.Length} tokens long, and the context of the model in {Folder} holds {Config.MaxLength}; shorten it."
            )
        : prompt;

    /// <summary>Goes on from a text.</summary>
    /// <param name="stops">The text ends in front of the first of these.</param>
    /// <param name="write">Is given the text in pieces, as soon as they are certain: whole characters, and no beginning of a stop string.</param>
    /// <exception cref="InvalidDataException">The prompt is empty or longer than the model's context, or a score is not a number.</exception>
    public WrittenText Generate(
        string prompt,
        SamplingOptions? sampling = null,
        IReadOnlyList<string>? stops = null,
        Action<string>? write = null,
        CancellationToken stop = default
    ) => Generate(Prompt(prompt), sampling, stops, write, stop);

    /// <summary>Answers the last of some messages, in the form of the model's chat template.</summary>
    /// <exception cref="InvalidDataException">The model has no chat template, or it refuses the messages.</exception>
    /// <inheritdoc cref="Generate(string, SamplingOptions?, IReadOnlyList{string}?, Action{string}?, CancellationToken)"/>
    public WrittenText Chat(
        IReadOnlyList<ChatMessage> messages,
        SamplingOptions? sampling = null,
        IReadOnlyList<string>? stops = null,
        Action<string>? write = null,
        CancellationToken stop = default
    ) => Generate(Prompt(messages), sampling, stops, write, stop);

    WrittenText Generate(
        int[] prompt,
        SamplingOptions? sampling,
        IReadOnlyList<string>? stops,
        Action<string>? write,
        CancellationToken stop
    )
    {
        // Whoever waits for its turn may leave.
        do
        {
            stop.ThrowIfCancellationRequested();
        } while (!_turn.TryEnter(Look));

        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Generation text = _generator.Begin(prompt, sampling ?? new SamplingOptions());
            try
            {
                return Write(text, new LiveText(Tokenizer, text, stops ?? []), write, stop);
            }
            finally
            {
                text.Stop();
            }
        }
        finally
        {
            _turn.Exit();
        }
    }

    WrittenText Write(Generation text, LiveText live, Action<string>? write, CancellationToken stop)
    {
        long began = Stopwatch.GetTimestamp();
        StringBuilder written = new();
        Generation[] one = [text];
        TimeSpan? toFirst = null;
        while (live.End == EndReason.None)
        {
            stop.ThrowIfCancellationRequested();
            _generator.Step(one);
            if (text.Ids.Count > 0)
            {
                toFirst ??= Stopwatch.GetElapsedTime(began);
            }

            string piece = live.Next();
            if (piece.Length > 0)
            {
                written.Append(piece);
                write?.Invoke(piece);
            }
        }

        TimeSpan all = Stopwatch.GetElapsedTime(began);
        return new WrittenText(
            written.ToString(),
            live.End,
            text.PromptTokens,
            text.Ids.Count,
            toFirst ?? all,
            all - (toFirst ?? all)
        )
        {
            AverageLayers = text.AverageLayers,
        };
    }

    public void Dispose()
    {
        lock (_turn)
        {
            if (!_disposed)
            {
                _disposed = true;
                Workers.Dispose();
            }
        }
    }
}
