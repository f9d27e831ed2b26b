using Espalier.Cli.Reports.Pages;

namespace Espalier.Tests.Cli.Reports.Pages;

public sealed class SpreadTests
{
    // Values half and half at 0.4 and 0.6; Student's t for n - 1 degrees of freedom from R's qt(0.975, n - 1).
    [Theory]
    [InlineData(4, 3.182446)]
    [InlineData(40, 2.022691)]
    [InlineData(200, 1.971957)]
    public void An_interval_over_seeds_is_Students_however_many_there_are(int n, double t)
    {
        Spread spread = Spread.Over(
            [
                .. Enumerable
                    .Range(0, n)
                    .Select(i => (0.4 + 0.2 * (i % 2), (double?)null, (double?)null)),
            ],
            isRatio: false
        );
        double deviation = 0.1 * Math.Sqrt(n / (n - 1.0));
        Assert.Equal(0.5 + t * deviation / Math.Sqrt(n), spread.High!.Value, 1e-6);
    }
}
