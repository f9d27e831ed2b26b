using Espalier.Models;
using Espalier.Server.Batching;
using Espalier.Text;

namespace Espalier.Tests.Server;

public sealed class WaitingLineTests
{
    [Fact]
    public void Those_who_left_take_no_place_from_those_who_come()
    {
        WaitingLine<EncoderJob> line = new(3);
        using CancellationTokenSource gone = new();
        EncoderJob first = Of(CancellationToken.None);
        Assert.True(line.TryAdd([first, Of(gone.Token), Of(gone.Token)]));
        Assert.False(line.TryAdd([Of(CancellationToken.None)]));
        Assert.Equal(3, line.Count);
        gone.Cancel();
        Assert.Equal(1, line.Count);
        EncoderJob second = Of(CancellationToken.None),
            third = Of(CancellationToken.None);
        Assert.True(line.TryAdd([second, third]));
        Assert.False(line.TryAdd([Of(CancellationToken.None)]));
        foreach (EncoderJob next in (EncoderJob[])[first, second, third])
        {
            Assert.True(line.TryTake(_ => true, out EncoderJob? taken));
            Assert.Same(next, taken);
        }

        Assert.Equal(0, line.Count);
    }

    static ClassifyJob Of(CancellationToken left) =>
        new(new TokenIds([1], [0]), Effort.Full) { Arrived = 0, Left = left };
}
