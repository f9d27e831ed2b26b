using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Autograd;

public sealed class GradientTests
{
    /// <summary>Every operation in every family of kernels that this machine has.</summary>
    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
            {
                foreach (OperationCase operation in OperationCases.All)
                {
                    data.Add(family.Name, operation.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_the_differences_of_the_output(string family, string operation) =>
        Check(family, operation, Wiring.Once);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_parameter_used_twice_gets_the_sum(string family, string operation) =>
        Check(family, operation, Wiring.Twice);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_computed_variable_used_twice_gets_the_sum(string family, string operation) =>
        Check(family, operation, Wiring.TwiceOnComputed);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_frozen_input_gets_no_gradient_and_changes_no_other(
        string family,
        string operation
    )
    {
        OperationCase tested = OperationCases.Named(operation);
        using Workers workers = new(1);
        GradientCheck check = new(KernelFamily.Choose(family), workers);
        Tensor?[] all = check.Analytic(tested, Wiring.TwiceOnComputed);
        for (int frozen = 0; frozen < tested.Inputs.Length; frozen++)
        {
            Tensor?[] others = check.Analytic(tested, Wiring.TwiceOnComputed, frozen);
            Assert.Null(others[frozen]);
            for (int i = 0; i < others.Length; i++)
            {
                Assert.True(
                    i == frozen || all[i]!.Span.SequenceEqual(others[i]!.Span),
                    $"{operation}: freezing {tested.Inputs[frozen].Name} changed the gradient of {tested.Inputs[i].Name}"
                );
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void With_everything_frozen_nothing_is_recorded(string family, string operation)
    {
        OperationCase tested = OperationCases.Named(operation);
        using Workers workers = new(1);
        Tape tape = new(workers, KernelFamily.Choose(family));
        tested.Begin(tape);
        Variable output = tested.Run(
            tape,
            [.. tested.Inputs.Select(input => new Variable(input.Value, gradient: null))]
        );
        Assert.False(output.NeedsGradient);
        Assert.Equal(default, tape.Cost);
        Variable loss = Projection.Forward(tape, [output], (_, _) => 1);
        tape.Backward(loss);
        Assert.Null(output.Gradient);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Cost_is_what_the_shapes_say(string family, string operation)
    {
        OperationCase tested = OperationCases.Named(operation);
        using Workers workers = new(1);
        Tape tape = new(workers, KernelFamily.Choose(family));
        tested.Begin(tape);
        tested.Run(
            tape,
            [.. tested.Inputs.Select(i => new Variable(i.Value, new Tensor(i.Value.Shape)))]
        );
        Assert.Equal(tested.Cost, tape.Cost);
    }

    [Fact]
    public void The_check_fails_on_a_gradient_that_is_two_percent_off()
    {
        using Workers workers = new(1);
        GradientCheck check = new(KernelFamily.Best, workers);
        foreach (OperationCase operation in OperationCases.All)
        {
            Tensor gradient = check.Analytic(operation, Wiring.Once)[0]!;
            double[] numeric = check.Numeric(operation, Wiring.Once, 0);
            foreach (ref float entry in gradient.Span)
            {
                entry *= 1.02f;
            }

            double error = GradientCheck.Error(gradient, numeric);
            Assert.True(
                error > 10 * GradientCheck.Tolerance,
                $"{operation.Name}: 2 % too much looks like an error of {error:g3}"
            );
        }
    }

    [Fact]
    public void The_check_fails_on_a_gradient_that_is_not_a_number()
    {
        OperationCase operation = OperationCases.Named("mean squares");
        using Workers workers = new(1);
        GradientCheck check = new(KernelFamily.Best, workers);
        Tensor gradient = check.Analytic(operation, Wiring.Once)[0]!;
        gradient.Span[3] = float.NaN;
        double error = GradientCheck.Error(gradient, check.Numeric(operation, Wiring.Once, 0));
        Assert.False(error <= GradientCheck.Tolerance, $"error {error}");
    }

    static void Check(string family, string operation, Wiring wiring)
    {
        OperationCase tested = OperationCases.Named(operation);
        using Workers workers = new(1);
        GradientCheck check = new(KernelFamily.Choose(family), workers);
        Tensor?[] gradients = check.Analytic(tested, wiring);
        for (int i = 0; i < gradients.Length; i++)
        {
            double error = GradientCheck.Error(gradients[i]!, check.Numeric(tested, wiring, i));
            Assert.True(
                error <= GradientCheck.Tolerance,
                $"{operation} in {family}: the gradient of {tested.Inputs[i].Name} is {error:g3} of its largest entry off"
            );
        }
    }
}
