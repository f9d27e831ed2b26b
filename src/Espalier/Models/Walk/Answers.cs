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

/// <summary>Examples leave at the first exit that their effort lets them.</summary>
sealed class Leaving(ModelConfig model) : IAnswers
{
    // What each example was told so far, [sequences, places, outputs].
    float[] _seen = [];
    int[] _streaks = [];
    int[] _exits = [];
    Effort[] _efforts = [];
    bool _early;
    int _count;
    Flow _flow = null!;
    Tensor _logits = null!;

    /// <summary>Of each example, counted from 0.</summary>
    public ReadOnlySpan<int> Exits => _exits.AsSpan(0, _count);

    /// <param name="efforts">Of each sequence, or one for all.</param>
    /// <param name="logits">Receives [sequences, outputs] in the order of the batch.</param>
    public void Begin(Flow flow, ReadOnlySpan<Effort> efforts, Tensor logits)
    {
        (_flow, _logits, _count, _early) = (flow, logits, flow.Count, false);
        if (_exits.Length < _count)
        {
            _seen = new float[_count * model.ExitCount * model.Outputs];
            _streaks = new int[_count];
            _exits = new int[_count];
            _efforts = new Effort[_count];
        }

        _streaks.AsSpan(0, _count).Clear();
        for (int s = 0; s < _count; s++)
        {
            _efforts[s] = efforts[efforts.Length == 1 ? 0 : s];
            _early |= _efforts[s].Rule != ExitRule.Never;
        }
    }

    public bool Asks(int layer) => _early;

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
                || _efforts[example]
                    .Leaves(
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
