#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(HostAliasAnnotations, NamesAreSortedAndUnique) {
  const ReadResult result = read({{"server-alias", " b.example, *.a.example,b.example,, ~^x\\d+$,c.*,.d.example"}});

  EXPECT_EQ(result.policies.host_alias.names,
            (std::vector<std::string>{"*.a.example", ".d.example", "b.example", "c.*", "~^x\\d+$"}));
  EXPECT_TRUE(read({}).policies.host_alias.names.empty());
}

TEST(HostAliasAnnotations, BadCharactersRefuseTheObject) {
  EXPECT_EQ(outcome({{"server-alias", "a.example;"}}), "ING");
  EXPECT_EQ(outcome({{"server-alias", "a.example b.example"}}), "ING");
}

TEST(HostAliasAnnotations, NamesThatAreNoHostsDenyOnlyThisObject) {
  for (const char* bad : {"a..b", "*.*.x", "a.*.b", "*a.example", "ok.example,x*"}) {
    EXPECT_EQ(outcome({{"server-alias", bad}}), "503 server-alias-invalid") << bad;
  }
}

TEST(HostAliasAnnotations, AreOfHighRisk) {
  EXPECT_TRUE(read({{"server-alias", "a.example"}}, settings({{"annotations-risk-level", "Medium"}})).refused);
  EXPECT_FALSE(read({{"server-alias", "a.example"}}).refused);
}

}  // namespace
}  // namespace weir::features
