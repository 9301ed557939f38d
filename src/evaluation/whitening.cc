#include "evaluation/whitening.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cloudfolio::evaluation {
namespace {

using Matrix = std::vector<std::vector<double>>;

constexpr double kVarianceFloor = 1e-12;
constexpr double kShareOfComponents = 0.9;

// Turns rows and columns p and q so that entry (p, q) becomes zero (Golub and Van Loan, "Matrix
// Computations", 8.5.2).
void rotate(Matrix& a, Matrix& vectors, std::size_t p, std::size_t q) {
  const double theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
  const double sign = theta >= 0 ? 1.0 : -1.0;
  const double t = sign / (std::abs(theta) + std::sqrt(theta * theta + 1.0));
  const double c = 1.0 / std::sqrt(t * t + 1.0);
  const double s = t * c;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i][p];
    const double y = a[i][q];
    a[i][p] = c * x - s * y;
    a[i][q] = s * x + c * y;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[p][i];
    const double y = a[q][i];
    a[p][i] = c * x - s * y;
    a[q][i] = s * x + c * y;
    const double u = vectors[i][p];
    const double v = vectors[i][q];
    vectors[i][p] = c * u - s * v;
    vectors[i][q] = s * u + c * v;
  }
}

// Eigenvectors of a symmetric matrix as columns; its eigenvalues end on the diagonal of `a`.
Matrix eigenvectors(Matrix& a) {
  constexpr int kSweepsMax = 60;
  constexpr double kSmall = 1e-14;
  Matrix vectors(a.size(), std::vector<double>(a.size(), 0.0));
  for (std::size_t i = 0; i < a.size(); ++i) vectors[i][i] = 1.0;
  for (int sweep = 0; sweep < kSweepsMax; ++sweep) {
    bool turned = false;
    for (std::size_t p = 0; p < a.size(); ++p) {
      for (std::size_t q = p + 1; q < a.size(); ++q) {
        if (std::abs(a[p][q]) <= kSmall) continue;
        rotate(a, vectors, p, q);
        turned = true;
      }
    }
    if (!turned) break;
  }
  return vectors;
}

}  // namespace

Whitening Whitening::fit(const std::vector<std::vector<float>>& rows) {
  Whitening whitening;
  if (rows.empty()) return whitening;
  const std::size_t dimension = rows.front().size();
  const auto count = static_cast<double>(rows.size());
  whitening.mean_.assign(dimension, 0.0);
  for (const auto& row : rows) {
    for (std::size_t d = 0; d < dimension; ++d) {
      whitening.mean_[d] += static_cast<double>(row[d]) / count;
    }
  }
  Matrix centred(rows.size(), std::vector<double>(dimension));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t d = 0; d < dimension; ++d) {
      centred[i][d] = static_cast<double>(rows[i][d]) - whitening.mean_[d];
    }
  }
  // Fewer rows than dimensions: the Gram matrix has the same spectrum as the covariance.
  Matrix gram(rows.size(), std::vector<double>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      gram[i][j] =
          std::inner_product(centred[i].begin(), centred[i].end(), centred[j].begin(), 0.0);
    }
  }
  const Matrix vectors = eigenvectors(gram);
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return gram[a][a] > gram[b][b]; });
  const std::size_t most = std::min(rows.size(), dimension) - 1;
  order.resize(static_cast<std::size_t>(kShareOfComponents * static_cast<double>(most)));
  for (const std::size_t e : order) {
    const double eigenvalue = std::max(gram[e][e], 0.0);
    if (eigenvalue <= kVarianceFloor) break;
    std::vector<double> component(dimension, 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t d = 0; d < dimension; ++d) component[d] += vectors[i][e] * centred[i][d];
    }
    const double variance = eigenvalue / (count - 1.0);
    const double scale = 1.0 / std::sqrt(eigenvalue) / std::sqrt(variance + kVarianceFloor);
    for (double& value : component) value *= scale;
    whitening.components_.push_back(std::move(component));
  }
  return whitening;
}

std::vector<double> Whitening::apply(std::span<const float> vector) const {
  std::vector<double> out;
  double norm = 0;
  for (const auto& component : components_) {
    double sum = 0;
    for (std::size_t d = 0; d < component.size(); ++d) {
      sum += (static_cast<double>(vector[d]) - mean_[d]) * component[d];
    }
    out.push_back(sum);
    norm += sum * sum;
  }
  norm = std::sqrt(norm) + kVarianceFloor;
  for (double& value : out) value /= norm;
  return out;
}

}  // namespace cloudfolio::evaluation
