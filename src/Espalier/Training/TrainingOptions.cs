namespace Espalier.Training;

/// <summary>How a training stage runs. The defaults are the <see cref="Fast"/> preset.</summary>
public sealed record TrainingOptions
{
    /// <summary>Highest learning rate.</summary>
    public double Rate { get; init; } = 5e-5;

    /// <summary>Examples in one optimizer step.</summary>
    public int BatchSize { get; init; } = 16;
    public int Epochs { get; init; } = 4;

    /// <summary>Share of the steps in which the rate climbs from 0; it falls linearly to 0 afterwards.</summary>
    public double WarmUp { get; init; } = 0.1;

    /// <summary>Decoupled weight decay of matrices and tables; biases and norms are not decayed.</summary>
    public double Decay { get; init; } = 0.01;

    /// <summary>Largest global norm of the gradient.</summary>
    public double ClipNorm { get; init; } = 1;
    public double Beta1 { get; init; } = 0.9;
    public double Beta2 { get; init; } = 0.999;
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>A step is computed in that many parts whose gradients add up, to save memory.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>
    /// A step's examples are cut into so many shards, a power of two, whose gradients are summed as a binary tree: as many processes, or
    /// half or a quarter of them, can then train together and give the same bytes as one. 1: one gradient of the whole step. A step of
    /// fewer examples is not cut.
    /// </summary>
    public int Shards { get; init; } = 1;

    /// <summary>Parts that a step is computed in, one after another where there is one process.</summary>
    public int Parts => Math.Max(Accumulation, Shards);

    /// <summary>What is wrong with them, in a sentence; null: nothing.</summary>
    public string? Problem =>
        Accumulation > BatchSize
            ? $"accumulation is {Accumulation}, and a batch of {BatchSize} has no more parts than examples."
        : !int.IsPow2(Shards)
            ? $"shards is {Shards}; gradients are summed in pairs, so 1, 2, 4, 8 and so on was expected."
        : Shards > BatchSize
            ? $"shards is {Shards}, and a batch of {BatchSize} has no more shards than examples."
        : Shards > 1 && Accumulation > 1
            ? $"shards is {Shards} and accumulation {Accumulation}; a step is computed shard by shard, which saves the same memory: leave accumulation out."
        : null;

    /// <summary>
    /// Whether layers are computed again for their backward pass, to save memory (gradient checkpointing, Chen et al. 2016): a third
    /// more time for them, and the same bytes.
    /// </summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>Rate 5e-5, batch 16, 4 epochs.</summary>
    public static TrainingOptions Fast { get; } = new();

    /// <summary>Xin et al. 2022: rate 1e-5, batch 8, 10 epochs, no warm-up.</summary>
    public static TrainingOptions Xin2022 { get; } =
        new()
        {
            Rate = 1e-5,
            BatchSize = 8,
            Epochs = 10,
            WarmUp = 0,
        };

    /// <summary>Names that a recipe may use.</summary>
    public static IReadOnlyList<(string Name, TrainingOptions Options)> Presets { get; } =
    [("fast", Fast), ("xin2022", Xin2022)];

    public int StepsPerEpoch(int examples) => (examples + BatchSize - 1) / BatchSize;

    /// <summary>
    /// Rate of a step, counted from 0: linear warm-up from 0, then linear to 0 (transformers'
    /// get_linear_schedule_with_warmup).
    /// </summary>
    public double RateAt(int step, int steps)
    {
        // A training of one step would have a rate of 0.
        int warm = Math.Min((int)Math.Ceiling(WarmUp * steps), steps - 1);
        return step < warm
            ? Rate * step / Math.Max(1, warm)
            : Rate * Math.Max(0, steps - step) / Math.Max(1, steps - warm);
    }

    /// <summary>All values that decide what is trained in a fixed form, for stage keys.</summary>
    public string Canonical() =>
        FormattableString.Invariant(
            $"rate={Rate:R};batch={BatchSize};epochs={Epochs};warmup={WarmUp:R};decay={Decay:R};clip={ClipNorm:R};beta1={Beta1:R};beta2={Beta2:R};epsilon={Epsilon:R};accumulation={Accumulation}"
        ) + (Shards == 1 ? "" : FormattableString.Invariant($";shards={Shards}"));
}
