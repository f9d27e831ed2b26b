using System.Globalization;
using System.Text.Json;
using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Autograd;

/// <summary>Values and gradients of the losses against PyTorch in float64.</summary>
[Trait("tier", "golden")]
public sealed class LossGoldenTests : IDisposable
{
    readonly SafetensorsFile _file = SafetensorsFile.Open(
        Golden.Path("losses", "losses.safetensors")
    );
    readonly Workers _workers = new(1);
    readonly Tape _tape;

    public LossGoldenTests() => _tape = new Tape(_workers, KernelFamily.Best);

    /// <summary>Those of the file that there is a use for; it has more.</summary>
    public static TheoryData<string> Names
    {
        get
        {
            using JsonDocument facts = Facts();
            return
            [
                .. facts
                    .RootElement.GetProperty("values")
                    .EnumerateObject()
                    .Select(v => v.Name)
                    .Where(n =>
                        n.StartsWith("cross_entropy")
                        || n.StartsWith("soft_cross_entropy")
                        || n.StartsWith("mse_")
                    ),
            ];
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Value_and_gradient_are_those_of_the_reference(string name)
    {
        using JsonDocument facts = Facts();
        double expected = facts.RootElement.GetProperty("values").GetProperty(name).GetDouble();
        bool hidden = name.Contains("hidden");
        Tensor student = _file.Read(hidden ? "student_hidden" : "student_logits"),
            teacher = _file.Read(hidden ? "teacher_hidden" : "teacher_logits"),
            gradient = _file.Read("grad." + name);
        int[] rows = Rows(name, student);
        Variable x = new(Picked(student, rows), new Tensor(rows.Length, student.Columns));
        _tape.Begin();
        Variable loss = Run(name, x, Picked(teacher, rows));
        _tape.Backward(loss);

        Close.To(loss.Value.Span, [(float)expected], 1e-6, 1e-5, name);
        Close.To(x.Gradient!, Picked(gradient, rows), 1e-6, 1e-5, $"gradient of {name}");
        int[] others = [.. Enumerable.Range(0, student.Rows).Except(rows)];
        Tensor rest = Picked(gradient, others);
        Assert.Equal(0, Close.Largest(rest));
    }

    [Fact]
    public void The_softmax_of_every_row_is_that_of_the_reference()
    {
        Tensor logits = _file.Read("student_logits"),
            softmax = _file.Read("softmax");
        double[] log = new double[logits.Columns];
        for (int r = 0; r < logits.Rows; r++)
        {
            Losses.LogSoftmax(logits.Row(r), 1, log);
            float[] p = [.. log.Select(l => (float)Math.Exp(l))];
            Close.To(p, softmax.Row(r), 1e-6, 1e-5, $"softmax of row {r}");
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _workers.Dispose();
    }

    Variable Run(string name, Variable x, Tensor teacher)
    {
        string[] parts = name.Split(".T");
        float temperature =
            parts.Length == 2
                ? float.Parse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture)
                : 1;
        return parts[0] switch
        {
            "cross_entropy" => _tape.CrossEntropy(
                x,
                [.. _file.ReadInt64("labels").Select(label => (int)label)]
            ),
            "soft_cross_entropy" => _tape.SoftCrossEntropy(x, teacher, temperature),
            "mse_logits" or "mse_hidden.real_tokens" or "mse_hidden.all_elements" =>
                _tape.MeanSquares(x, teacher),
            _ => throw new ArgumentException($"losses.json names '{name}', which no loss here is."),
        };
    }

    /// <summary>Rows that the loss looks at: all, or those of real tokens.</summary>
    int[] Rows(string name, Tensor student)
    {
        IEnumerable<int> all = Enumerable.Range(0, student.Rows);
        if (name.EndsWith("real_tokens"))
        {
            long[] mask = _file.ReadInt64("mask");
            return [.. all.Where(r => mask[r] == 1)];
        }

        return [.. all];
    }

    static Tensor Picked(Tensor from, int[] rows)
    {
        Tensor picked = new(rows.Length, from.Columns);
        for (int i = 0; i < rows.Length; i++)
        {
            from.Row(rows[i]).CopyTo(picked.Row(i));
        }

        return picked;
    }

    static JsonDocument Facts() =>
        JsonDocument.Parse(File.ReadAllText(Golden.Path("losses", "losses.json")));
}
