using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Walk;

namespace Espalier.Training;

/// <summary>Bytes that training takes at most, beside its data, a teacher and the packed forms of the weights.</summary>
/// <param name="Parameters">Weights with their gradients and both moments.</param>
/// <param name="Step">What a pass over a batch and back holds.</param>
public sealed record TrainingMemory(long Parameters, long Step)
{
    /// <param name="sequences">Of a part of a step.</param>
    /// <param name="tokens">Of the longest sequence.</param>
    /// <param name="recomputed">Whether layers are made again for their backward pass.</param>
    public static TrainingMemory Of(ModelConfig config, int sequences, int tokens, bool recomputed)
    {
        Held held = new(config, sequences, tokens);
        long rows = (long)sequences * tokens,
            parameters = config.Shapes().Sum(s => (long)s.Shape.Count),
            states = rows * config.Hidden,
            largest = held.Layers.Max();

        // Of what is made each number has a gradient; what a layer's backward pass begins and ends with outlives it.
        long step = recomputed
            ? 2 * held.Layers.Count * states + 2 * held.Outside + 2 * largest
            : held.Layers.Sum() + held.Layers.Count * states + 2 * held.Outside + largest;
        if (config.IsLanguage)
        {
            long vocabulary = config.Vocabulary;
            step +=
                vocabulary * config.Hidden
                + states
                + Math.Min(rows, BlockedLoss.BlockNumbers / vocabulary + 1) * vocabulary;
        }

        return new TrainingMemory(4 * sizeof(float) * parameters, sizeof(float) * step);
    }

    /// <summary>Numbers that the operations of a pass leave on the tape, in layers and outside of them.</summary>
    sealed class Held : IArithmetic<int>
    {
        readonly ModelConfig _model;
        readonly int _sequences;
        readonly int _tokens;
        long _rows;
        long _now;

        public Held(ModelConfig model, int sequences, int tokens)
        {
            (_model, _sequences, _tokens) = (model, sequences, tokens);
            _rows = Tokens;
            Forward.Run(model, this);
            Outside = _now;
        }

        long Tokens => (long)_sequences * _tokens;

        public List<long> Layers { get; } = [];

        public long Outside { get; }

        int Add(int columns, int times = 1)
        {
            _now += times * _rows * columns;
            return columns;
        }

        public int Layer(int x, ModelConfig model, int layer, ISee<int>? see)
        {
            long outside = _now;
            _now = 0;
            int y = Forward.Layer(this, x, model, layer, see);
            Layers.Add(_now);
            _now = outside;
            return y;
        }

        public int Embed() => Add(_model.EmbeddingWidth);

        public int Linear(int x, LinearPart linear, Activation activation = Activation.None) =>
            Add(linear.Outputs, activation == Activation.None ? 1 : 2);

        // The scores of a language model are never all there.
        public bool Predict(int layer, int x, LinearPart head) => true;

        public int Rotate(int x, AttentionSpec spec, int heads) => Add(x);

        public int Attend(int q, int k, int v, AttentionSpec spec)
        {
            _now += spec.Heads * Tokens * _tokens;
            return Add(spec.Columns);
        }

        public int Keep(int x, int layer, AttentionSpec spec) => Add(x);

        public int Gate(int gate, int up, Activation activation) => Add(up);

        public int Norm(int x, NormPart norm) => NormHeads(x, norm, 1);

        public int NormHeads(int x, NormPart norm, int heads)
        {
            // Mean and deviation of each.
            Add(2 * heads);
            return Add(x);
        }

        public int AddNorm(int x, int branch, NormPart norm, float dropout)
        {
            Add(x);
            return Norm(x, norm);
        }

        public int Add(int x, int branch, float dropout) => Add(x);

        public int Dropout(int x, float probability) => probability > 0 ? Add(x) : x;

        public int Pool(int x, Pooling pooling)
        {
            _rows = _sequences;
            return Add(x);
        }

        public bool Asks(int layer) => true;

        public bool Answer(int layer, int logits)
        {
            _rows = Tokens;
            return true;
        }
    }
}
