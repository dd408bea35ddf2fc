package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.aggregate.CrowdVotes.Part;
import org.tastemaker.core.aggregate.CrowdVotes.Vote;

/**
 * Standard errors around a maximum: the inverse of minus the second derivatives, by blocks. Scores
 * of different parts meet only in the raters, so with A the information of the scores of a part, B
 * that of its scores with the qualities, and C that of the qualities:
 *
 * <pre>
 *   S            = C - sum over parts of  B^T A^-1 B
 *   of qualities : S^-1
 *   of scores    : A^-1 + A^-1 B S^-1 B^T A^-1
 * </pre>
 *
 * @param errorsOfScores one for each item
 * @param errorsOfQualities one for each rater
 */
record CrowdInformation(double[] errorsOfScores, double[] errorsOfQualities) {
  static CrowdInformation of(
      CrowdVotes votes,
      double[] theta,
      double[] eta,
      double precision,
      double right,
      double wrong) {
    int raters = eta.length;
    double[][] s = new double[raters][raters];
    for (int k = 0; k < raters; k++) {
      s[k][k] = (right - 1) / (eta[k] * eta[k]) + (wrong - 1) / ((1 - eta[k]) * (1 - eta[k]));
    }
    List<double[][]> inverses = new ArrayList<>(); // A^-1 of each part
    List<double[][]> products = new ArrayList<>(); // A^-1 B of each part
    for (Part part : votes.parts()) {
      // 1. The information of the part.
      int n = part.items().size();
      double[][] a = new double[n][n];
      double[][] b = new double[n][raters];
      for (int i = 0; i < n; i++) {
        a[i][i] = precision;
      }
      for (int v : part.votes()) {
        Vote vote = votes.all().get(v);
        double[] d = vote.derivatives(eta[vote.rater()], theta);
        int i = part.place(vote.first());
        int j = part.place(vote.second());
        a[i][i] -= d[2];
        a[j][j] -= d[2];
        a[i][j] += d[2];
        a[j][i] += d[2];
        b[i][vote.rater()] -= d[3];
        b[j][vote.rater()] += d[3];
        s[vote.rater()][vote.rater()] -= d[4];
      }
      // 2. What it takes from that of the qualities.
      double[][] inverse = new Cholesky(a).inverse();
      double[][] product = new double[n][raters];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          for (int k = 0; k < raters; k++) {
            product[i][k] += inverse[i][j] * b[j][k];
          }
        }
      }
      for (int k = 0; k < raters; k++) {
        for (int l = 0; l < raters; l++) {
          for (int i = 0; i < n; i++) {
            s[k][l] -= b[i][k] * product[i][l];
          }
        }
      }
      inverses.add(inverse);
      products.add(product);
    }
    // 3. Errors.
    double[][] ofQualities = new Cholesky(s).inverse();
    double[] qualities = new double[raters];
    for (int k = 0; k < raters; k++) {
      qualities[k] = Math.sqrt(ofQualities[k][k]);
    }
    double[] scores = new double[votes.items()];
    for (int p = 0; p < votes.parts().size(); p++) {
      List<Integer> items = votes.parts().get(p).items();
      double open = 1 / (precision * items.size()); // the direction (1, ..., 1)
      for (int i = 0; i < items.size(); i++) {
        double variance = inverses.get(p)[i][i] - (items.size() > 1 ? open : 0);
        for (int k = 0; k < raters; k++) {
          for (int l = 0; l < raters; l++) {
            variance += products.get(p)[i][k] * ofQualities[k][l] * products.get(p)[i][l];
          }
        }
        scores[items.get(i)] = Math.sqrt(Math.max(0, variance));
      }
    }
    return new CrowdInformation(scores, qualities);
  }
}
