namespace Espalier.Benchmarks;

static class Program
{
    static void Main() { }
}
