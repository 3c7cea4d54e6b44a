"""The words of the catalogue: 40 kinds of product and the variants in which each is sold."""

from typing import NamedTuple

CATEGORIES = ("credit_card", "deposit", "insurance", "investment", "loan")
CARD, DEPOSIT, INSURANCE, INVESTMENT, LOAN = CATEGORIES


class Kind(NamedTuple):
    """A kind of product.

    Attributes:
        price_yuan: least amount, yearly fee or premium.
        amount_yuan: what a customer typically takes it with.
        peak_month: month of the year in which it sells best.
        appeal: log-odds above (or below) its category.
        segment: the one segment that it is made for; empty: everyone's.
    """

    code: str
    category: str
    name: str
    name_zh: str
    tags: str
    risk_level: int
    price_yuan: int
    amount_yuan: int
    peak_month: int
    appeal: float
    segment: str
    text: str
    text_zh: str


class Variant(NamedTuple):
    """A way in which a kind is sold; ``appeal`` is in log-odds, ``price_factor`` multiplies prices and amounts."""

    name: str
    name_zh: str
    tag: str
    price_factor: float
    appeal: float
    text: str
    text_zh: str


VARIANTS = (
    Variant("Classic", "经典", "classic", 1.0, 0.7, "Simple terms and no surprises.", "条款简明,安心省心。"),
    Variant("Plus", "优享", "plus", 1.5, 0.2, "Adds bonus points and extra service.", "积分加倍,服务升级。"),
    Variant("Online", "线上", "digital", 0.8, 0.3, "Opened and managed in the mobile app.", "手机银行全程办理。"),
    Variant("Premier", "尊享", "premium", 4.0, -0.3, "With a personal adviser and priority.", "专属顾问,优先办理。"),
    Variant("Starter", "入门", "starter", 0.4, 0.0, "A small first step with low amounts.", "门槛更低,轻松起步。"),
    Variant("Flex", "灵活", "flexible", 1.0, -0.2, "Change or pause it at any time.", "随时调整,灵活自主。"),
    Variant("Family", "家庭", "family", 1.3, -0.2, "Shared by the whole household.", "全家共享,共同受益。"),
    Variant("Select", "精选", "select", 2.0, -0.5, "For a limited circle of customers.", "限量发售,甄选客户。"),
)

_CARDS = (
    Kind("cashback_card", CARD, "Cashback Credit Card", "返现信用卡",
         "cashback|daily", 1, 0, 20000, 11, 0.8, "",
         "Pays back a share of groceries, fuel and everyday shopping.", "日常消费、加油、购物均可返现。"),
    Kind("travel_card", CARD, "Travel Credit Card", "旅行信用卡",
         "travel|miles", 1, 300, 40000, 6, 0.2, "",
         "Collects miles on flights and hotels, with airport lounges abroad.", "机票酒店累积里程,境外机场贵宾厅。"),
    Kind("platinum_card", CARD, "Platinum Credit Card", "白金信用卡",
         "premium|concierge", 1, 1800, 100000, 12, -0.5, "",
         "A high limit, concierge service and access to golf and dining.", "高额度、礼宾服务与高端餐饮礼遇。"),
    Kind("student_card", CARD, "Student Credit Card", "学生信用卡",
         "student|first", 1, 0, 3000, 9, 0.0, "young",
         "A first card for students with a small limit and no yearly fee.", "学生首张信用卡,小额度、免年费。"),
    Kind("business_card", CARD, "Business Credit Card", "商务信用卡",
         "business|expenses", 1, 500, 80000, 3, 0.0, "business",
         "Separates company expenses and brings them to the accounts.", "公司支出单独管理,自动入账。"),
    Kind("car_card", CARD, "Car Owner Credit Card", "车主信用卡",
         "car|fuel", 1, 0, 20000, 10, 0.0, "",
         "Discounts on fuel, car wash, parking and roadside help.", "加油、洗车、停车优惠与道路救援。"),
    Kind("shopping_card", CARD, "Shopping Credit Card", "购物信用卡",
         "shopping|online", 1, 0, 15000, 11, 0.5, "",
         "Vouchers and instalments at the big online stores.", "大型网购平台满减与分期优惠。"),
    Kind("instalment_card", CARD, "Instalment Credit Card", "分期信用卡",
         "instalment|budget", 1, 0, 30000, 1, 0.0, "",
         "Splits large purchases into monthly parts at a fixed fee.", "大额消费按月分期,费率固定。"),
)  # fmt: skip

_DEPOSITS = (
    Kind("everyday_account", DEPOSIT, "Everyday Account", "日常活期账户",
         "salary|payments", 1, 0, 12000, 2, 1.1, "",
         "Receives the salary and pays the bills, free of monthly charges.", "代发工资、生活缴费,免月费。"),
    Kind("notice_deposit", DEPOSIT, "Notice Deposit", "通知存款",
         "savings|liquid", 1, 50000, 80000, 1, -0.3, "",
         "Better interest than a current account at seven days' notice.", "提前七天通知支取,利率高于活期。"),
    Kind("half_year_deposit", DEPOSIT, "Six-Month Term Deposit", "半年期定期存款",
         "savings|term", 1, 1000, 40000, 1, 0.3, "",
         "A fixed rate for six months, covered by deposit insurance.", "六个月固定利率,受存款保险保障。"),
    Kind("three_year_deposit", DEPOSIT, "Three-Year Term Deposit", "三年期定期存款",
         "savings|term", 1, 5000, 90000, 1, 0.1, "",
         "Locks the rate for three years, for savers who need calm.", "三年锁定利率,稳健安心。"),
    Kind("large_certificate", DEPOSIT, "Large Certificate of Deposit", "大额存单",
         "savings|large", 1, 200000, 400000, 1, -0.2, "private",
         "A transferable certificate with a top rate from 200,000 yuan.", "二十万元起存,利率更高,可转让。"),
    Kind("child_savings", DEPOSIT, "Children's Savings Plan", "少儿储蓄计划",
         "savings|children", 1, 100, 6000, 6, -0.4, "",
         "Monthly saving for a child's school years, opened by a parent.", "家长按月为孩子存下求学资金。"),
    Kind("currency_deposit", DEPOSIT, "Foreign Currency Deposit", "外币存款",
         "savings|currency", 2, 7000, 60000, 7, -0.4, "",
         "Holds dollars, euros or yen for study and travel abroad.", "美元、欧元、日元存款,留学旅行皆宜。"),
    Kind("business_account", DEPOSIT, "Business Settlement Account", "企业结算账户",
         "business|payments", 1, 0, 90000, 3, 0.4, "business",
         "Payments, payroll and tax for small companies.", "小企业收付款、代发与缴税。"),
)  # fmt: skip

_INSURANCES = (
    Kind("home_insurance", INSURANCE, "Home Insurance", "家庭财产险",
         "home|property", 1, 200, 500, 5, 0.1, "",
         "Covers fire, water damage and theft in the home.", "保障火灾、水损与入室盗窃。"),
    Kind("car_insurance", INSURANCE, "Car Insurance", "机动车辆险",
         "car|liability", 1, 1500, 3500, 10, 0.5, "",
         "Liability and own damage for private cars.", "私家车第三者责任与车损保障。"),
    Kind("life_insurance", INSURANCE, "Whole Life Insurance", "终身寿险",
         "life|family", 2, 3000, 9000, 1, 0.0, "",
         "Protects the family for life and builds a cash value.", "终身守护家人,累积现金价值。"),
    Kind("health_insurance", INSURANCE, "Critical Illness Insurance", "重大疾病险",
         "health|hospital", 1, 1200, 5000, 1, 0.4, "",
         "Pays a lump sum when a serious illness is diagnosed.", "确诊重大疾病一次性给付。"),
    Kind("accident_insurance", INSURANCE, "Accident Insurance", "意外伤害险",
         "accident|daily", 1, 100, 300, 8, 0.4, "",
         "Medical costs and a daily allowance after an accident.", "意外医疗费用与住院津贴。"),
    Kind("travel_insurance", INSURANCE, "Travel Insurance", "旅行险",
         "travel|abroad", 1, 50, 200, 7, 0.1, "",
         "Delays, luggage and treatment abroad, by the trip or the year.", "航班延误、行李与境外就医保障。"),
    Kind("annuity", INSURANCE, "Pension Annuity", "养老年金险",
         "pension|income", 2, 10000, 30000, 1, -0.2, "senior",
         "A monthly income for life from retirement on.", "退休后按月领取,终身收入。"),
    Kind("education_plan", INSURANCE, "Education Endowment", "教育金保险",
         "children|education", 2, 5000, 10000, 8, -0.4, "",
         "Pays out for school and university years of a child.", "为孩子的中学与大学储备教育金。"),
)  # fmt: skip

_INVESTMENTS = (
    Kind("money_fund", INVESTMENT, "Money Market Fund", "货币市场基金",
         "fund|liquid", 1, 1, 15000, 1, 1.0, "",
         "Daily income on spare cash, redeemed the next day.", "闲钱每日计息,次日可取。"),
    Kind("bond_fund", INVESTMENT, "Bond Fund", "债券型基金",
         "fund|bonds", 2, 100, 40000, 3, 0.4, "",
         "Government and corporate bonds for steady returns.", "投资国债与企业债,收益稳健。"),
    Kind("index_fund", INVESTMENT, "Index Fund", "指数基金",
         "fund|shares", 4, 10, 25000, 3, 0.4, "",
         "Follows the 300 largest listed companies at low cost.", "低成本跟踪三百家大型上市公司。"),
    Kind("equity_fund", INVESTMENT, "Equity Fund", "股票型基金",
         "fund|shares", 5, 100, 35000, 2, 0.0, "",
         "Managers choose growth companies; prices move strongly.", "精选成长企业,波动较大。"),
    Kind("balanced_fund", INVESTMENT, "Balanced Fund", "混合型基金",
         "fund|mixed", 3, 100, 30000, 3, 0.2, "",
         "Shares and bonds in one fund for the middle road.", "股债均衡配置,攻守兼备。"),
    Kind("gold_plan", INVESTMENT, "Gold Savings Plan", "黄金积存",
         "gold|saving", 3, 500, 12000, 2, 0.0, "",
         "Buys gold by the gram every month, stored by the bank.", "按月按克积存黄金,银行保管。"),
    Kind("pension_fund", INVESTMENT, "Target Pension Fund", "养老目标基金",
         "fund|pension", 3, 100, 20000, 12, 0.0, "",
         "Grows more careful as the year of retirement comes near.", "临近退休,配置逐步稳健。"),
    Kind("structured_note", INVESTMENT, "Structured Note", "结构性理财",
         "structured|advanced", 5, 50000, 300000, 4, -0.2, "private",
         "Returns depend on an index; capital is at risk.", "收益挂钩指数,本金存在风险。"),
)  # fmt: skip

_LOANS = (
    Kind("mortgage", LOAN, "Home Mortgage", "住房按揭贷款",
         "home|property", 1, 100000, 900000, 4, 0.2, "",
         "Finances a flat or house over up to thirty years.", "购房贷款,最长三十年。"),
    Kind("renovation_loan", LOAN, "Renovation Loan", "装修贷款",
         "home|renovation", 1, 20000, 120000, 5, 0.0, "",
         "For a new kitchen, bathroom or floor, without collateral.", "厨卫翻新、地板更换,免抵押。"),
    Kind("car_loan", LOAN, "Car Loan", "汽车贷款",
         "car|instalment", 1, 30000, 130000, 10, 0.3, "",
         "New and used cars in up to sixty monthly parts.", "新车二手车最长六十期。"),
    Kind("personal_loan", LOAN, "Personal Loan", "个人消费贷款",
         "personal|instalment", 1, 5000, 50000, 12, 0.7, "",
         "Cash for weddings, moving or studies, paid the same day.", "婚庆、搬家、进修,当日到账。"),
    Kind("student_loan", LOAN, "Student Loan", "助学贷款",
         "student|education", 1, 3000, 20000, 9, 0.0, "young",
         "Covers tuition; repayment starts after graduation.", "支付学费,毕业后开始还款。"),
    Kind("business_loan", LOAN, "Small Business Loan", "小微企业贷款",
         "business|working capital", 1, 50000, 300000, 3, 0.5, "business",
         "Working capital and machines for small companies.", "小企业流动资金与设备贷款。"),
    Kind("energy_loan", LOAN, "Clean Energy Loan", "清洁能源贷款",
         "green|home", 1, 10000, 80000, 5, -0.4, "",
         "Solar panels, heat pumps and electric cars at a lower rate.", "光伏、热泵、电动车优惠利率。"),
    Kind("equity_loan", LOAN, "Home Equity Loan", "房屋抵押贷款",
         "home|collateral", 2, 100000, 400000, 4, -0.4, "",
         "Releases cash from an owned home at a mortgage rate.", "以自有住房抵押,利率更低。"),
)  # fmt: skip

KINDS = (*_CARDS, *_DEPOSITS, *_INSURANCES, *_INVESTMENTS, *_LOANS)
