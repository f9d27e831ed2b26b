namespace Espalier.Tests.Cli.Reports.Pages;

/// <summary>A report of the synthetic study, made by the command as a user calls it.</summary>
public sealed class ReportFixture : IDisposable
{
    /// <summary>A pipeline that no parser accepts and that tries to leave its place in the page.</summary>
    public const string Hostile =
        "D</script><script>document.title='taken'</script><img src=x onerror=alert(1)>";

    public ReportFixture()
    {
        Folder = Directory.CreateTempSubdirectory("espalier-report-").FullName;
        File.WriteAllBytes(
            Path.Combine(Folder, "measurements.json"),
            SyntheticStudy.Json(SyntheticStudy.Of(extra: Hostile))
        );
        File.WriteAllText(
            Path.Combine(Folder, "stages.json"),
            """
            [{"task":"sentiment","pipeline":"O","seed":1,"seconds":43.5,"from_store":false},
             {"task":"sentiment","pipeline":"D","seed":1,"seconds":32.0,"from_store":false},
             {"task":"sentiment","pipeline":"DE","seed":1,"seconds":22.3,"from_store":false},
             {"task":"sentiment","pipeline":"O","seed":2,"seconds":41.0,"from_store":true}]
            """
        );
        Outcome = CommandLine.Run("report", Folder);
    }

    public string Folder { get; }
    public string Page => Path.Combine(Folder, "report.html");
    internal Outcome Outcome { get; }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
