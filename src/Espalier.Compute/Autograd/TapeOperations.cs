using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>The operations, as they are called: each runs at once and is recorded.</summary>
public static class TapeOperations
{
    extension(Tape tape)
    {
        /// <summary>activation(x [T, I] · weightᵀ + bias) [T, O].</summary>
        public Variable Linear(
            Variable x,
            Variable weight,
            Variable? bias,
            Activation activation = Activation.None
        ) => Autograd.Linear.Forward(tape, x, weight, bias, activation);

        /// <summary>Attention of q [T, heads · width] and k, v [T, key heads · width] within each sequence.</summary>
        /// <param name="keySums">As in <see cref="Attention.Forward"/>.</param>
        public Variable SelfAttention(
            Variable q,
            Variable k,
            Variable v,
            Sequences sequences,
            AttentionForm form,
            float dropout,
            Tensor? keySums = null
        ) => Autograd.SelfAttention.Forward(tape, q, k, v, sequences, form, dropout, keySums);

        /// <summary>norm(dropout(x) + residual) · weight + bias.</summary>
        public Variable AddNorm(
            Variable x,
            Variable? residual,
            Variable weight,
            Variable? bias,
            float epsilon,
            float dropout = 0,
            NormKind kind = NormKind.Layer
        ) => Autograd.AddNorm.Forward(tape, x, residual, weight, bias, epsilon, kind, dropout);

        /// <summary>dropout(x) + residual.</summary>
        public Variable Add(Variable x, Variable residual, float dropout = 0) =>
            Autograd.Add.Forward(tape, x, residual, dropout);

        public Variable Dropout(Variable x, float probability) =>
            Autograd.Dropout.Forward(tape, x, probability);

        /// <summary>Sum of rows of tables, [rows, D].</summary>
        public Variable Embed(int rows, params (Variable Table, int[] Indices)[] tables) =>
            Autograd.Embed.Forward(tape, rows, tables);

        /// <summary>One row for each sequence.</summary>
        public Variable Pool(Variable x, Sequences sequences, Pooling pooling) =>
            Autograd.Pool.Forward(tape, x, sequences, pooling);

        /// <summary>Mean over rows of −log softmax(logits)[label].</summary>
        public Variable CrossEntropy(Variable logits, ReadOnlySpan<int> labels)
        {
            int[] own = [.. labels];
            return Loss.Forward(tape, logits, to => Losses.CrossEntropy(logits.Value, own, to));
        }

        /// <summary>−(T²/N) Σ softmax(teacher/T) · log softmax(logits/T).</summary>
        public Variable SoftCrossEntropy(Variable logits, Tensor teacher, float temperature = 1) =>
            Loss.Forward(
                tape,
                logits,
                to => Losses.SoftCrossEntropy(logits.Value, teacher, temperature, to)
            );

        /// <summary>(T²/N) Σ p_t (log p_t − log p_s): the soft cross-entropy less the teacher's entropy.</summary>
        public Variable KullbackLeibler(Variable logits, Tensor teacher, float temperature = 1) =>
            Loss.Forward(
                tape,
                logits,
                to => Losses.KullbackLeibler(logits.Value, teacher, temperature, to)
            );

        /// <summary>(T²/N) Σ p_s (log p_s − log p_t).</summary>
        public Variable ReverseKullbackLeibler(
            Variable logits,
            Tensor teacher,
            float temperature = 1
        ) =>
            Loss.Forward(
                tape,
                logits,
                to => Losses.ReverseKullbackLeibler(logits.Value, teacher, temperature, to)
            );

        /// <summary>Mean of squared differences over all elements.</summary>
        public Variable MeanSquares(Variable x, Tensor target) =>
            Loss.Forward(tape, x, to => Losses.MeanSquares(x.Value, target, to));

        /// <summary>Mean over rows of 1 − cos(x, target).</summary>
        public Variable Cosine(Variable x, Tensor target) =>
            Loss.Forward(tape, x, to => Losses.Cosine(x.Value, target, to));

        /// <summary>Mean over rows of the squared distance of x and target, both scaled to length 1.</summary>
        public Variable NormalizedDistance(Variable x, Tensor target) =>
            Loss.Forward(tape, x, to => Losses.NormalizedDistance(x.Value, target, to));

        /// <summary>Mean over rows of the entropy of softmax(logits), in nats.</summary>
        public Variable Entropy(Variable logits) =>
            Loss.Forward(tape, logits, to => Losses.Entropy(logits.Value, to));

        /// <summary>Σ weight · loss.</summary>
        public Variable WeightedSum(params (Variable Loss, float Weight)[] terms) =>
            Autograd.WeightedSum.Forward(tape, terms);
    }
}
