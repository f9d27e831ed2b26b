namespace Espalier.Models.Walk;

/// <summary>
/// What a model does, in order: the one place where this is written. Training, inference, packing, sizes and bounds are
/// arithmetics that it is walked with.
/// </summary>
public static class Forward
{
    public static void Run<T>(ModelConfig model, IArithmetic<T> with, ISee<T>? see = null)
    {
        T x = with.Embed();
        if (model.EmbeddingNorm is { } norm)
        {
            x = with.Norm(x, new NormPart(Part.EmbeddingNorm, norm));
        }

        x = with.Dropout(x, model.EmbeddingDropout);
        if (model.ProjectsEmbedding)
        {
            x = with.Linear(x, new LinearPart(Part.EmbeddingProjection, model.Hidden));
        }

        see?.Embedding(x);
        int last = model.Layers.Count - 1;
        for (int i = 0; i <= last; i++)
        {
            x = with.Layer(x, model, i, see);
            if (i == last)
            {
                x = Final(with, x, model);
                see?.State(i, x);
                Answer(with, x, model, i);
                return;
            }

            see?.State(i, x);
            if (model.ExitBehind(i) is not null && with.Asks(i) && !Exit(with, x, model, i))
            {
                return;
            }
        }
    }

    public static T Layer<T>(
        IArithmetic<T> with,
        T x,
        ModelConfig model,
        int layer,
        ISee<T>? see = null
    )
    {
        Block block = model.Layers[layer];
        float attentionDropout = block.Attention.OutputDropout,
            mlpDropout = block.Mlp.OutputDropout;
        NormPart attentionNorm = new(model.PartOf(layer, Role.AttentionNorm), block.Norm),
            norm = new(model.PartOf(layer, Role.Norm), block.Norm);
        if (block.NormsFirst)
        {
            T normed = block.NormsAttention ? with.Norm(x, attentionNorm) : x;
            T attended = Attention(with, normed, ref x, model, layer, see);
            x = with.Add(x, Branch(attended, Role.AttentionPostNorm), attentionDropout);
            x = Kept(with, x, block, layer);
            T fed = Mlp(with, with.Norm(x, norm), model, layer);
            return with.Add(x, Branch(fed, Role.PostNorm), mlpDropout);
        }

        T branch = Attention(with, x, ref x, model, layer, see);
        x = with.AddNorm(x, branch, attentionNorm, attentionDropout);
        x = Kept(with, x, block, layer);
        return with.AddNorm(x, Mlp(with, x, model, layer), norm, mlpDropout);

        T Branch(T branch, Role role) =>
            block.NormsBranches
                ? with.Norm(branch, new NormPart(model.PartOf(layer, role), block.Norm))
                : branch;
    }

    static T Kept<T>(IArithmetic<T> with, T x, Block block, int layer) =>
        block.Attention.Keeps is null ? x : with.Keep(x, layer, block.Attention);

    /// <param name="residual">What the branch is added to; where the head reads fewer rows than there are, those alone go on.</param>
    static T Attention<T>(
        IArithmetic<T> with,
        T x,
        ref T residual,
        ModelConfig model,
        int layer,
        ISee<T>? see
    )
    {
        AttentionSpec spec = model.Layers[layer].Attention;
        LinearPart query = Projection(model, layer, Role.Query);
        T q,
            k,
            v;
        if (spec.HeadNorm is { } norm)
        {
            // Norms want heads as rows, which columns of one product are not.
            q = with.NormHeads(
                with.Linear(x, query),
                new NormPart(model.PartOf(layer, Role.QueryNorm), norm),
                spec.Heads
            );
            (k, v) = KeysAndValues(with, x, model, layer);
        }
        else if (model.HeadExits.Count > 0)
        {
            // Tokens that left have keys and values and ask nothing.
            q = with.Linear(x, query);
            (k, v) = KeysAndValues(with, x, model, layer);
        }
        else
        {
            (q, k, v) = with.Project(
                x,
                query,
                Projection(model, layer, Role.Key),
                Projection(model, layer, Role.Value)
            );
        }

        if (spec.Rotary is not null)
        {
            q = with.Rotate(q, spec, spec.Heads);
            k = with.Rotate(k, spec, spec.KeyHeads);
        }

        see?.Scores(layer, q, k);
        T context = with.Attend(q, k, v, spec);
        see?.Context(layer, context);
        if (layer == model.Layers.Count - 1)
        {
            (residual, context) = with.Asked(residual, context);
        }

        return with.Linear(
            context,
            new LinearPart(model.PartOf(layer, Role.Attention), model.Hidden, spec.OutputBias)
        );
    }

    static LinearPart Projection(ModelConfig model, int layer, Role role)
    {
        AttentionSpec spec = model.Layers[layer].Attention;
        return new LinearPart(
            model.PartOf(layer, role),
            role == Role.Query ? spec.Columns : spec.KeyColumns,
            spec.Bias
        );
    }

    static (T Key, T Value) KeysAndValues<T>(IArithmetic<T> with, T x, ModelConfig model, int layer)
    {
        AttentionSpec spec = model.Layers[layer].Attention;
        LinearPart key = Projection(model, layer, Role.Key),
            value = Projection(model, layer, Role.Value);
        if (spec.HeadNorm is not { } norm)
        {
            return with.Project(x, key, value);
        }

        T k = with.NormHeads(
            with.Linear(x, key),
            new NormPart(model.PartOf(layer, Role.KeyNorm), norm),
            spec.KeyHeads
        );
        return (k, with.Linear(x, value));
    }

    /// <summary>
    /// Keys and values of tokens that do not go through a layer, from the state with which they left (CALM, Schuster et al. 2022,
    /// arXiv 2207.07061, "state propagation"): those behind them see them there all the same.
    /// </summary>
    public static (T Key, T Value) Keys<T>(IArithmetic<T> with, T x, ModelConfig model, int layer)
    {
        Block block = model.Layers[layer];
        if (block is { NormsFirst: true, NormsAttention: true })
        {
            x = with.Norm(x, new NormPart(model.PartOf(layer, Role.AttentionNorm), block.Norm));
        }

        var (k, v) = KeysAndValues(with, x, model, layer);
        AttentionSpec spec = block.Attention;
        return (spec.Rotary is null ? k : with.Rotate(k, spec, spec.KeyHeads), v);
    }

    static T Mlp<T>(IArithmetic<T> with, T x, ModelConfig model, int layer)
    {
        MlpSpec spec = model.Layers[layer].Mlp;
        LinearPart up = new(model.PartOf(layer, Role.Up), spec.Width, spec.Bias),
            down = new(model.PartOf(layer, Role.Down), model.Hidden, spec.Bias);
        T inner;
        if (spec.Gated)
        {
            var (gate, neurons) = with.Project(
                x,
                up with
                {
                    Part = model.PartOf(layer, Role.Gate),
                },
                up
            );
            inner = with.Gate(gate, neurons, spec.Activation);
        }
        else
        {
            inner = with.Linear(x, up, spec.Activation);
        }

        return with.Linear(with.Dropout(inner, spec.InnerDropout), down);
    }

    static T Final<T>(IArithmetic<T> with, T x, ModelConfig model) =>
        model.FinalNorm is { } norm ? with.Norm(x, new NormPart(Part.FinalNorm, norm)) : x;

    /// <summary>What the head behind the last layer says.</summary>
    static void Answer<T>(IArithmetic<T> with, T x, ModelConfig model, int layer)
    {
        if (model.Head is LanguageSpec language)
        {
            with.Predict(layer, x, Words(model, language));
            return;
        }

        with.Answer(layer, Classify(with, x, model, layer));
    }

    static LinearPart Words(ModelConfig model, LanguageSpec language) =>
        new(language.Tied ? Part.Word : Part.Head(Role.Out), model.Vocabulary, Bias: false);

    /// <summary>
    /// What an exit says. A language model has its one head behind all of them (Elhoushi et al. 2024, LayerSkip, arXiv 2404.16710), and in
    /// front of it a norm of the exit's own, since states grow from layer to layer (Chen et al. 2023, EE-LLM, arXiv 2312.04916).
    /// </summary>
    /// <returns>False: nobody is left who wants another.</returns>
    static bool Exit<T>(IArithmetic<T> with, T x, ModelConfig model, int layer)
    {
        if (model.Head is not LanguageSpec language)
        {
            return with.Answer(layer, Classify(with, Final(with, x, model), model, layer));
        }

        T normed = model.FinalNorm is { } norm
            ? with.Norm(x, new NormPart(Part.Exit(layer, Role.Norm), norm))
            : x;
        return with.Predict(layer, normed, Words(model, language));
    }

    /// <summary>The classifier behind the last layer, and an exit of the same form behind every other.</summary>
    static T Classify<T>(IArithmetic<T> with, T x, ModelConfig model, int layer)
    {
        ClassifierSpec head = (ClassifierSpec)model.Head;
        bool last = layer == model.Layers.Count - 1;
        Part Own(Role role) => new(last ? Stretch.Head : Stretch.Exit, last ? 0 : layer, role);
        T row = with.Pool(x, last ? model.Pooling : model.ExitPooling!.Value);
        row = with.Dropout(row, head.DropsFirst ? head.Dropout : 0);
        row = with.Linear(
            row,
            new LinearPart(Own(Role.Dense), model.Hidden, head.DenseBias),
            head.Activation
        );
        if (head.Norm is { } norm)
        {
            row = with.Norm(row, new NormPart(Own(Role.Norm), norm));
        }

        return with.Linear(
            with.Dropout(row, head.Dropout),
            new LinearPart(Own(Role.Out), model.Outputs)
        );
    }
}
