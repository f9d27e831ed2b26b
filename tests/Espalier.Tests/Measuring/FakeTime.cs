namespace Espalier.Tests.Measuring;

/// <summary>A clock in microseconds that moves only when told.</summary>
sealed class FakeTime : TimeProvider
{
    long _now;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => _now;

    public TimeSpan Now => TimeSpan.FromMicroseconds(_now);

    public void Pass(double milliseconds) => _now += (long)Math.Round(1000 * milliseconds);
}
