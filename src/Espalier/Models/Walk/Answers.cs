using Espalier.Tensors;

namespace Espalier.Models.Walk;

/// <summary>Who decides, behind a classifier, whether examples go on.</summary>
interface IAnswers
{
    bool Asks(int layer);

    /// <param name="here">Logits of [sequences that are still there, outputs].</param>
    bool Answer(int layer, Tensor here);
}

/// <summary>Everyone goes through all layers and answers behind each exit, into [sequences, exits · outputs].</summary>
sealed class Everything(Flow flow, ModelConfig model, Tensor logits) : IAnswers
{
    public bool Asks(int layer) => true;

    public bool Answer(int layer, Tensor here)
    {
        int place = model.HasExits ? layer : 0;
        for (int s = 0; s < flow.Count; s++)
        {
            here.Row(s).CopyTo(logits.Row(s)[(place * model.Outputs)..]);
        }

        return true;
    }
}

/// <summary>Examples leave at the first exit that an effort lets them.</summary>
sealed class Leaving(ModelConfig model) : IAnswers
{
    // What each example was told so far, [sequences, places, outputs].
    float[] _seen = [];
    int[] _streaks = [];
    int[] _exits = [];
    int _count;
    Flow _flow = null!;
    Effort _effort = Effort.Full;
    Tensor _logits = null!;

    /// <summary>Of each example, counted from 0.</summary>
    public ReadOnlySpan<int> Exits => _exits.AsSpan(0, _count);

    /// <param name="logits">Receives [sequences, outputs] in the order of the batch.</param>
    public void Begin(Flow flow, Effort effort, Tensor logits)
    {
        (_flow, _effort, _logits, _count) = (flow, effort, logits, flow.Count);
        if (_exits.Length < _count)
        {
            _seen = new float[_count * model.ExitCount * model.Outputs];
            _streaks = new int[_count];
            _exits = new int[_count];
        }

        _streaks.AsSpan(0, _count).Clear();
    }

    public bool Asks(int layer) => _effort.Rule != ExitRule.Never;

    public bool Answer(int layer, Tensor here)
    {
        bool last = layer == model.Layers.Count - 1;
        int outputs = model.Outputs,
            places = model.ExitCount,
            place = last ? places - 1 : layer;
        for (int s = 0; s < _flow.Count; s++)
        {
            int example = _flow.Examples[s];
            Span<float> answers = _seen.AsSpan(example * places * outputs, places * outputs);
            here.Row(s).CopyTo(answers[(place * outputs)..]);
            bool leaves =
                last
                || _effort.Leaves(
                    answers[..((place + 1) * outputs)],
                    outputs,
                    model.Regression,
                    ref _streaks[example]
                );
            _flow.Leaves[s] = leaves;
            if (leaves)
            {
                here.Row(s).CopyTo(_logits.Row(example));
                _exits[example] = place;
            }
        }

        return last || _flow.Compact();
    }
}
