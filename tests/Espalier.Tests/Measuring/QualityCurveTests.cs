using System.Text.Json;
using Espalier.Measuring;

namespace Espalier.Tests.Measuring;

public sealed class QualityCurveTests
{
    [Fact]
    public void Null_where_a_curve_stands_is_refused_by_its_place()
    {
        using JsonDocument json = JsonDocument.Parse("null");

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() =>
            QualityCurve.Read("curves.json[1]", json.RootElement)
        );

        Assert.StartsWith("curves.json[1]: not a curve (it is null)", refused.Message);
    }
}
