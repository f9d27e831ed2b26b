using System.Globalization;
using Espalier.Analysis.Cumulation;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Analysis;

/// <summary>Tables printed in papers, as rows of named fields and as combinations of operators.</summary>
static class Published
{
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Rows(string name)
    {
        string[] lines = File.ReadAllLines(
            Path.Combine(Repository.Root, "tests", "Espalier.Tests", "Goldens", "published", name)
        );
        string[] names = lines[0].Split(',');
        return
        [
            .. lines
                .Skip(1)
                .Where(l => l.Length > 0)
                .Select(l =>
                    l.Split(',')
                        .Select((f, i) => (names[i], f))
                        .ToDictionary(p => p.Item1, p => p.f)
                ),
        ];
    }

    public static double Number(this IReadOnlyDictionary<string, string> row, string name) =>
        double.Parse(row[name], NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>Wallace et al. 2025: a block for each model and data set; quality is perplexity.</summary>
    /// <param name="cost">Column taken for the cost.</param>
    public static IReadOnlyList<CombinationRun> Wallace(string cost = "runtime_s") =>
        [
            .. Rows("wallace2025.csv")
                .Where(r => r["method"] != "Pruned" && r["model"] != "opt-125m")
                .Select(r => new CombinationRun(
                    $"{r["model"]} {r["dataset"]}",
                    Metric.Perplexity,
                    Operators(r["method"]),
                    [new EffortPoint(Effort.Full, r.Number(cost), r.Number("perplexity"))]
                )),
        ];

    /// <summary>The same as measurements: what it took is of a token, and each model and data set a seed of its own.</summary>
    /// <param name="blocks">Such as gpt2 wikitext2; of those six that all methods were measured on where there are none.</param>
    public static IReadOnlyList<Measurement> WallaceMeasured(params string[] blocks) =>
        [
            .. from row in Rows("wallace2025.csv")
            let block = $"{row["model"]} {row["dataset"]}"
            let names = blocks.Length > 0 ? blocks : Whole
            where names.Contains(block)
            let seed = (ulong)Array.IndexOf(names, block) + 1
            let record = Records.Of(
                PipelineOf(row["method"]),
                row.Number("perplexity"),
                1,
                seed,
                task: "wallace",
                joules: 1
            )
            select (
                record with
                {
                    Metrics =
                    [
                        new Quality("perplexity", row.Number("perplexity"), null, null, 1, null),
                    ],
                }
            )
                .With(Figure.MillisecondsPerToken, Exact(row.Number("runtime_s")))
                .With(Figure.JoulesPerToken, Exact(row.Number("energy_kwh"))),
        ];

    /// <summary>As report.csv writes it, for commands that read a table of others.</summary>
    public static string WallaceTable(params string[] blocks) =>
        string.Join(
            '\n',
            WallaceMeasured(blocks)
                .Select(m =>
                    FormattableString.Invariant(
                        $"wallace,\"{m.Pipeline}\",{m.Seeds[0]},perplexity,{m.Primary.Value},{m.Milliseconds!.Value},{1000 * m.Joules!.Value}"
                    )
                )
                .Prepend("task,pipeline,seed,metric,quality,ms_per_token,mj_per_token")
        );

    static readonly string[] Whole =
    [
        .. from model in (string[])["gpt2", "gpt2-large"]
        from data in (string[])["wikitext2", "c4", "lambada"]
        select $"{model} {data}",
    ];

    static Estimate Exact(double value) => new(value, null, null, 1, Origin.Measured);

    /// <summary>AH90 keeps 90 % of the heads.</summary>
    public static string PipelineOf(string method) =>
        string.Concat(
            Operators(method)
                .Select(o =>
                    o.Replace("keep=", "heads=0.")
                        .Replace("0)", ",ffn=1.0)")
                        .Replace("(bits=8)", "")
                )
        )
            is [_, ..] written
            ? written
            : "O";

    /// <summary>Table 2 of Xin et al. 2022: a block for each task; what is printed as percent is rounded to one.</summary>
    public static IReadOnlyList<CombinationRun> Xin()
    {
        List<CombinationRun> runs = [];
        foreach (var row in Rows("xin2022-table2.csv"))
        {
            string[] before = [.. row["pipeline"].Where(c => c != 'O').Select(c => $"{c}")];
            double raw = row.Number("ms_raw");
            Add([], 0, row.Number("quality_raw"));
            Add(["Q"], row.Number("time_q_percent"), row.Number("quality_q"));
            Add(["L"], row.Number("time_l_percent"), row.Number("quality_raw"));
            Add(["L", "Q"], row.Number("time_ql_percent"), row.Number("quality_q"));

            void Add(string[] last, double percent, double quality)
            {
                double remains = 1 + percent / 100,
                    rounding = last.Length == 0 ? 0.05 / raw : 0.005 / remains;
                runs.Add(
                    new CombinationRun(
                        row["dataset"],
                        new Metric("percent", "Percent"),
                        [.. before, .. last],
                        [
                            new EffortPoint(
                                Effort.Full,
                                raw * remains,
                                quality,
                                // Of a figure rounded to a unit: uniform over it.
                                rounding / Math.Sqrt(3),
                                0.05 / Math.Sqrt(3) / quality
                            ),
                        ]
                    )
                );
            }
        }

        return runs;
    }

    static string[] Operators(string method)
    {
        List<string> operators = [];
        if (method.StartsWith("Distil", StringComparison.Ordinal))
        {
            operators.Add("D");
        }

        foreach (string keep in (string[])["90", "80"])
        {
            if (method.Contains(keep))
            {
                operators.Add($"P(keep={keep})");
            }
        }

        foreach (string bits in (string[])["8b", "4b"])
        {
            if (method.EndsWith(bits, StringComparison.Ordinal))
            {
                operators.Add($"Q(bits={bits[0]})");
            }
        }

        return [.. operators];
    }
}
