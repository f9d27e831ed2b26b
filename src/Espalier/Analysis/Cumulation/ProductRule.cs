namespace Espalier.Analysis.Cumulation;

/// <summary>The equations of Xin et al. 2022, section 5.</summary>
public static class ProductRule
{
    /// <summary>
    /// Equation 4 as printed: D after E makes cheaper what comes behind the first exit, T = t_E + (T_E − t_E) · T_D / T_O;
    /// with P's ratio as a factor it is equation 5. At full effort it gives T_D + t_E (1 − T_D / T_O) where T_D was
    /// meant: the student's time holds the way to the first exit too.
    /// </summary>
    /// <param name="first">t_E, the time of leaving at the first exit.</param>
    /// <param name="ratio">T_D / T_O.</param>
    public static double Shallower(double time, double first, double ratio) =>
        first + (time - first) * ratio;

    /// <summary>
    /// Equation 4 with the way to the first exit taken out of all times: t_E + (T_E − t_E) (T_D − t_E) / (T_O − t_E), which
    /// is t_E at the first exit and T_D at full effort. Null where the original is no dearer than the first exit.
    /// </summary>
    /// <param name="student">T_D.</param>
    /// <param name="original">T_O.</param>
    public static double? Shallower(double time, double first, double student, double original) =>
        original > first ? first + (time - first) * (student - first) / (original - first) : null;

    /// <summary>Share that remains after all: 0.50 after Q and 0.17 after L make 0.085 after both.</summary>
    public static double Remaining(params ReadOnlySpan<double> remaining)
    {
        double product = 1;
        foreach (double share in remaining)
        {
            product *= share;
        }

        return product;
    }
}
