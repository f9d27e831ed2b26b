using System.Numerics.Tensors;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Models;

/// <summary>
/// Whether every number on the way through a model's int8 layers stays within float32, whatever the text: a bound from
/// norm to norm. Beyond it a row's scale overflows, the infinity is quantized away, and kernels that round otherwise
/// answer otherwise, where fp32 says that the answer is no number.
/// </summary>
static class Int8Range
{
    /// <summary>The first part that may overflow, and its largest weight; null: none may. Sound models stay below by 1e20.</summary>
    public static string? Problem(Model model)
    {
        ModelConfig config = model.Config;
        double state = 0;
        foreach (string table in (string[])[Names.Word, Names.Position, Names.Type])
        {
            state += model.Parameters.Has(table) ? Largest(model.Parameters[table]) : 0;
        }

        if (!Squares(state))
        {
            return Told("embeddings", Names.Word);
        }

        state = Normed(Names.EmbeddingNorm);
        for (int i = 0; i < config.Layers.Count; i++)
        {
            string Part(string part) => Names.Layer(i, part);
            string layer = $"layer {i}";
            double query = Product(Part("query"), state),
                key = Product(Part("key"), state),
                attended = Product(Part("attention"), Product(Part("value"), state));
            if (!(query * key * config.HeadWidth < float.MaxValue))
            {
                return Told(layer, Names.Weight(Part(query > key ? "query" : "key")));
            }

            if (!Squares(attended + state))
            {
                return Told(layer, Names.Weight(Part("attention")));
            }

            state = Normed(Part("attention_norm"));
            double up = Product(Part("up"), state),
                down = Product(Part("down"), up);
            if (!(up < float.MaxValue) || !Squares(down + state))
            {
                return Told(
                    layer,
                    Names.Weight(
                        Part(LargestOf(Part("up")) > LargestOf(Part("down")) ? "up" : "down")
                    )
                );
            }

            state = Normed(Part("norm"));
        }

        return null;

        string Told(string where, string name) =>
            $"in int8 an answer is not a number; the weights are damaged or too large ({where}: '{name}' reaches {Largest(model.Parameters[name])})";
        double LargestOf(string part) => Largest(model.Parameters[Names.Weight(part)]);

        // A norm's sum of squares must be finite.
        bool Squares(double value) => value * value * config.Hidden < float.MaxValue;

        // A normed row has squares that sum to its width.
        double Normed(string part) =>
            Math.Sqrt(config.Hidden) * LargestOf(part)
            + Largest(model.Parameters[Names.Bias(part)]);

        double Product(string part, double input)
        {
            Tensor weight = model.Parameters[Names.Weight(part)],
                bias = model.Parameters[Names.Bias(part)];
            double most = 0;
            for (int o = 0; o < weight.Rows; o++)
            {
                double sum = 0;

                // In double: the sum of float's largest numbers is none of float's.
                foreach (float w in weight.Row(o))
                {
                    sum += Math.Abs(w);
                }

                most = Math.Max(most, sum);
            }

            return most * input + Largest(bias);
        }
    }

    static double Largest(Tensor tensor) => Math.Abs(TensorPrimitives.MaxMagnitude(tensor.Span));
}
