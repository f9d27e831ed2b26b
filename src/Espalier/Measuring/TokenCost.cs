using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>
/// Multiply-adds of a token of a language model by where it leaves: layers with what they attend to, keys and values of the layers behind, and the head
/// at every exit that was asked.
/// </summary>
sealed class TokenCost
{
    readonly ModelConfig _config;
    readonly double _head;

    // In front of the layers, and through so many of them without attention.
    readonly double[] _through;

    // Keys and values of all layers from one on.
    readonly double[] _behind;

    public TokenCost(ModelConfig config)
    {
        _config = config;
        _head = (double)config.Vocabulary * config.Hidden;
        int layers = config.Layers.Count;
        _through = new double[layers + 1];
        _behind = new double[layers + 1];
        for (int n = 1; n <= layers; n++)
        {
            ModelConfig front = config with { Layers = [.. config.Layers.Take(n)] };
            _through[n] = front.MultiplyAdds(1) - _head - Pairs(n, 0);
        }

        for (int l = layers - 1; l >= 0; l--)
        {
            _behind[l] =
                _behind[l + 1] + 2.0 * config.Hidden * config.Layers[l].Attention.KeyColumns;
        }
    }

    /// <param name="exit">At which it leaves, counted from 0.</param>
    /// <param name="place">In its text.</param>
    public double Of(int exit, int place, Effort effort)
    {
        int layers = _config.LayersAt(exit),
            asked = effort.Rule is ExitRule.Never or ExitRule.Exit ? 1 : exit + 1;
        return _through[layers] + Pairs(layers, place) + _behind[layers] + asked * _head;
    }

    /// <summary>Scores and sums of attention in the first layers.</summary>
    double Pairs(int layers, int place)
    {
        double pairs = 0;
        for (int l = 0; l < layers; l++)
        {
            AttentionSpec spec = _config.Layers[l].Attention;
            pairs += 2.0 * spec.Columns * Math.Min(place + 1, (spec.Reach ?? int.MaxValue - 1) + 1);
        }

        return pairs;
    }
}
