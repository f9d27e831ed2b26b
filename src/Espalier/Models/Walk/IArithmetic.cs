using Espalier.Autograd;
using Espalier.Kernels;

namespace Espalier.Models.Walk;

/// <summary>A linear of the walk: y = x · weightᵀ + bias.</summary>
public readonly record struct LinearPart(Part Part, int Outputs, bool Bias = true);

/// <summary>A norm of the walk.</summary>
public readonly record struct NormPart(Part Part, NormSpec Spec);

/// <summary>
/// What the operations of a model mean: numbers that are trained, numbers that answer, or only sizes. <typeparamref name="T"/> is
/// rows [T, columns] of tokens, or [sequences, columns] behind <see cref="Pool"/>.
/// </summary>
/// <remarks>An arithmetic may overwrite the x of <see cref="Add"/>, <see cref="AddNorm"/> and <see cref="Layer"/>: the walk reads it no more.</remarks>
public interface IArithmetic<T>
{
    /// <summary>Word + position + type of each token.</summary>
    T Embed();

    T Linear(T x, LinearPart linear, Activation activation = Activation.None);

    /// <summary>Linears of one input, which may run as one.</summary>
    (T First, T Second) Project(T x, LinearPart first, LinearPart second) =>
        (Linear(x, first), Linear(x, second));

    /// <inheritdoc cref="Project(T, LinearPart, LinearPart)"/>
    (T Query, T Key, T Value) Project(T x, LinearPart query, LinearPart key, LinearPart value) =>
        (Linear(x, query), Linear(x, key), Linear(x, value));

    /// <summary>Each head's columns turned by the positions of their tokens.</summary>
    T Rotate(T x, AttentionSpec spec, int heads);

    /// <summary>softmax(q kᵀ / √width) v of each head within each sequence.</summary>
    T Attend(T q, T k, T v, AttentionSpec spec);

    /// <summary>
    /// Behind the last attention no row looks at another, so an arithmetic that wants nothing but the head's answer goes on with the rows that
    /// the head reads: the first of a sequence, a language model's last.
    /// </summary>
    (T X, T Context) Asked(T x, T context) => (x, context);

    /// <summary>The rows of x that the attention just now kept (<see cref="AttentionSpec.Keeps"/>); the first of a sequence is one.</summary>
    T Keep(T x, int layer, AttentionSpec spec);

    /// <summary>activation(gate) · up.</summary>
    T Gate(T gate, T up, Activation activation);

    T Norm(T x, NormPart norm);

    /// <summary>The norm of each of as many heads that stand side by side in a row.</summary>
    T NormHeads(T x, NormPart norm, int heads);

    /// <summary>norm(x + dropout(branch)).</summary>
    T AddNorm(T x, T branch, NormPart norm, float dropout);

    /// <summary>x + dropout(branch).</summary>
    T Add(T x, T branch, float dropout);

    T Dropout(T x, float probability);

    /// <summary>One row for each sequence.</summary>
    T Pool(T x, Pooling pooling);

    /// <summary>A whole layer; an arithmetic that has it as one piece runs that instead.</summary>
    T Layer(T x, ModelConfig model, int layer, ISee<T>? see) =>
        Forward.Layer(this, x, model, layer, see);

    /// <summary>Answers with scores of the next token behind every token that they are wanted of.</summary>
    /// <returns>False: nobody is left who wants another.</returns>
    bool Predict(int layer, T x, LinearPart head) => Answer(layer, Linear(x, head));

    /// <summary>Whether the classifier behind a layer that is not the last shall answer.</summary>
    bool Asks(int layer);

    /// <summary>Takes the answer behind a layer; false: nobody is left who wants another.</summary>
    bool Answer(int layer, T logits);
}

/// <summary>Is shown what a model computes on its way; what it is shown may be overwritten by the next step.</summary>
public interface ISee<in T>
{
    /// <summary>Behind the embeddings.</summary>
    void Embedding(T x) { }

    /// <summary>What the scores q kᵀ are made of.</summary>
    void Scores(int layer, T q, T k) { }

    /// <summary>The heads' outputs in front of their linear, [T, heads · width].</summary>
    void Context(int layer, T context) { }

    /// <summary>Behind a layer.</summary>
    void State(int layer, T x) { }
}
