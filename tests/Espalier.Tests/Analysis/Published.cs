using System.Globalization;
using Espalier.Analysis.Cumulation;
using Espalier.Data.Metrics;
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
