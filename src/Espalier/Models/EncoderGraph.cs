using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>What a pass of the graph computed; valid until the tape begins anew.</summary>
/// <param name="Embedding">Output of the embeddings, [T, D].</param>
/// <param name="Layers">Output of each layer, [T, D].</param>
/// <param name="Contexts">Heads' outputs of each layer before the output projection, [T, heads · width].</param>
/// <param name="Logits">Of each exit in order, the last layer's last, [sequences, outputs].</param>
public sealed record GraphOutput(
    Sequences Sequences,
    Variable Embedding,
    IReadOnlyList<Variable> Layers,
    IReadOnlyList<Variable> Contexts,
    IReadOnlyList<Variable> Logits
)
{
    public Variable LastLogits => Logits[^1];
}

/// <summary>A model as a graph that can be trained. It works on the model's own tensors.</summary>
public sealed class EncoderGraph
{
    readonly Dictionary<string, Variable> _variables = [];

    /// <param name="frozen">Parameters that get no gradient; null: none.</param>
    /// <param name="followRows">Whether the rows of the word table that a batch touches are noted down.</param>
    public EncoderGraph(Model model, Predicate<string>? frozen = null, bool followRows = true)
    {
        Model = model;
        foreach (string name in model.Parameters.Names)
        {
            Tensor value = model.Parameters[name];
            Tensor? gradient = frozen?.Invoke(name) == true ? null : new Tensor(value.Shape);
            _variables.Add(
                name,
                new Variable(value, gradient)
                {
                    Rows =
                        name == Names.Word && gradient is not null && followRows
                            ? new RowSet(value.Rows)
                            : null,
                }
            );
        }
    }

    public Model Model { get; }

    public Variable this[string name] => _variables[name];

    /// <summary>Parameters that are trained, in file order.</summary>
    public IEnumerable<(string Name, Variable Variable)> Trained =>
        from name in Model.Parameters.Names
        where _variables[name].NeedsGradient
        select (name, _variables[name]);

    public void ClearGradients()
    {
        foreach (var (_, variable) in Trained)
        {
            variable.ClearGradient();
            if (variable.Rows is { } touched)
            {
                variable.Gradient!.Span.Clear();
                touched.Clear();
            }
        }
    }

    /// <param name="allExits">Whether classifiers behind earlier layers run too.</param>
    public GraphOutput Forward(Tape tape, Batch batch, bool allExits = false)
    {
        ModelConfig config = Model.Config;
        Sequences sequences = new(batch.Starts, batch.Count);
        List<Variable> layers = [],
            contexts = [],
            logits = [];
        Variable x = Embeddings(tape, batch),
            embedding = x;
        for (int i = 0; i < config.Layers.Count; i++)
        {
            x = Layer(tape, x, i, sequences, contexts);
            layers.Add(x);
            bool last = i == config.Layers.Count - 1;
            if (last || allExits && config.HasExits)
            {
                logits.Add(Classify(tape, x, i, sequences));
            }
        }

        return new GraphOutput(sequences, embedding, layers, contexts, logits);
    }

    Variable Embeddings(Tape tape, Batch batch)
    {
        ModelConfig config = Model.Config;
        int[] positions = new int[batch.Tokens];
        for (int s = 0; s < batch.Count; s++)
        {
            int counted = 0;
            for (int t = batch.Starts[s]; t < batch.Starts[s + 1]; t++)
            {
                positions[t] = config.Family.Position(batch.Ids[t], config.PadId, ref counted);
            }
        }

        List<(Variable, int[])> tables =
        [
            (this[Names.Word], batch.Ids),
            (this[Names.Position], positions),
        ];
        if (config.Types > 0)
        {
            tables.Add((this[Names.Type], batch.TypeIds));
        }

        Variable sum = tape.Embed(batch.Tokens, [.. tables]);
        return tape.Dropout(Norm(tape, sum, null, Names.EmbeddingNorm, 0), config.HiddenDropout);
    }

    Variable Layer(Tape tape, Variable x, int i, Sequences sequences, List<Variable> contexts)
    {
        ModelConfig config = Model.Config;
        Variable context = tape.SelfAttention(
            Linear(tape, x, Names.Layer(i, "query")),
            Linear(tape, x, Names.Layer(i, "key")),
            Linear(tape, x, Names.Layer(i, "value")),
            sequences,
            new AttentionForm(config.Layers[i].Heads, config.HeadWidth),
            config.AttentionDropout
        );
        contexts.Add(context);
        Variable attended = Linear(tape, context, Names.Layer(i, "attention"));
        Variable middle = Norm(
            tape,
            attended,
            x,
            Names.Layer(i, "attention_norm"),
            config.HiddenDropout
        );
        Variable up = Linear(tape, middle, Names.Layer(i, "up"), config.Activation);
        Variable down = Linear(tape, up, Names.Layer(i, "down"));
        return Norm(tape, down, middle, Names.Layer(i, "norm"), config.HiddenDropout);
    }

    Variable Classify(Tape tape, Variable x, int layer, Sequences sequences)
    {
        ModelConfig config = Model.Config;
        string classifier = Names.Classifier(config, layer);
        bool head = classifier == Names.Head;
        Variable pooled = tape.Pool(
            x,
            sequences,
            head ? config.Pooling : config.ExitPooling!.Value
        );
        if (config.Family.DropsBeforeHead)
        {
            pooled = tape.Dropout(pooled, config.HeadDropout);
        }

        pooled = Linear(tape, pooled, classifier + ".dense", config.Family.HeadActivation);
        return Linear(tape, tape.Dropout(pooled, config.HeadDropout), classifier + ".out");
    }

    Variable Linear(Tape tape, Variable x, string part, Activation activation = Activation.None) =>
        tape.Linear(x, this[Names.Weight(part)], this[Names.Bias(part)], activation);

    Variable Norm(Tape tape, Variable x, Variable? residual, string part, float dropout) =>
        tape.AddNorm(
            x,
            residual,
            this[Names.Weight(part)],
            this[Names.Bias(part)],
            Model.Config.NormEpsilon,
            dropout
        );
}
