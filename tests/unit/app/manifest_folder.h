// A temporary folder of manifests for tests of commands.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace weir::app::test {

class ManifestFolder {
 public:
  ManifestFolder() {
    char name[] = "/tmp/weir-app-XXXXXX";
    if (::mkdtemp(name) == nullptr) ::abort();
    path_ = name;
  }
  ~ManifestFolder() { std::filesystem::remove_all(path_); }
  ManifestFolder(const ManifestFolder&) = delete;
  ManifestFolder& operator=(const ManifestFolder&) = delete;

  void write(const std::string& file, const std::string& text) const { std::ofstream(path_ + "/" + file) << text; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// An Ingress of class nginx with one rule, as YAML; `annotations`: lines "key: value" without prefix.
inline std::string ingress(const std::string& name, const std::string& host, const std::string& path,
                           const std::string& annotations = {}, const std::string& type = "Prefix") {
  std::string text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name + "\n";
  if (!annotations.empty()) text += "  annotations:\n    nginx.ingress.kubernetes.io/" + annotations + "\n";
  return text + "spec:\n  ingressClassName: nginx\n  rules:\n    - host: " + host +
         "\n      http:\n        paths:\n          - path: " + path + "\n            pathType: " + type +
         "\n            backend: {service: {name: web, port: {number: 80}}}\n---\n";
}

inline const char* const kObjects =
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: "
    "k8s.io/ingress-nginx}\n---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{name: http, port: 80, targetPort: "
    "8080}]}\n---\n"
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, labels: "
    "{kubernetes.io/service-name: web}}\naddressType: IPv4\nports: [{name: http, port: 8080}]\n"
    "endpoints: [{addresses: [10.1.2.3]}]\n---\n";

}  // namespace weir::app::test
