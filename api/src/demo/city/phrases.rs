//! What clerks write: halves of sentences, put together by chance.

use entity::assets::Condition;
use entity::catalogue::AssetSource;

use super::dice::Dice;
use super::families::Group;

/// Why a thing is offered.
pub(super) fn reason(source: AssetSource, dice: &mut Dice) -> &'static str {
    dice.word(match source {
        AssetSource::Idle => &[
            "因办公用房调整后闲置",
            "机构改革后处室合并，原有设备富余",
            "新办公楼统一配置后换下",
            "人员调出后长期无人使用",
            "搬迁后存放于库房",
            "设备更新换代后闲置",
            "原项目组撤销后不再使用",
            "科室职能划转后闲置半年以上",
        ][..],
        AssetSource::OverStandard => &[
            "清查时发现超出配置标准",
            "按配置标准核减后富余",
            "超标准配置，按整改要求调出",
            "专项检查后列入超标清单",
        ],
        AssetSource::UnderUsed => &[
            "使用率偏低，一年不足十次",
            "备用设备，长期低效运转",
            "集中办公后使用频次明显下降",
            "业务线上办理后很少使用",
            "共享机房启用后利用率不高",
        ],
        AssetSource::Dissolved => {
            &["单位撤并后移交", "临时机构撤销后清点移交", "机构注销清算后留存", "随职能划转后剩余"]
        }
        AssetSource::Event => &[
            "大型活动结束后收回",
            "普查工作结束后集中回收",
            "赛事保障任务完成后闲置",
            "展会撤展后入库",
            "专班任务结束后交回",
        ],
        AssetSource::Confiscated => {
            &["依法罚没后移交公物仓", "涉案物品判决后上缴", "执法罚没物品，已办结手续"]
        }
        AssetSource::Reserve => &["应急储备轮换调出", "公物仓统一储备物资", "储备到期轮换"],
        AssetSource::Surplus => {
            &["年度盘点盘盈，已登记入账", "清查盘盈后划入资产池", "盘点发现账外资产，已补登"]
        }
    })
}

/// What state a thing is in.
pub(super) fn condition(group: Group, condition: Condition, dice: &mut Dice) -> &'static str {
    dice.word(match (condition, group) {
        (Condition::New, _) => &["全新未拆封", "未使用过，包装完好", "仅开箱验收，基本全新"][..],
        (Condition::Good, Group::Furniture) => {
            &["八成新以上，无破损", "保养良好，结构牢固", "表面整洁，使用正常"]
        }
        (Condition::Good, Group::Computer) => &[
            "开机正常，运行流畅",
            "配置能满足日常办公，外观良好",
            "经检测各项功能正常",
            "已重装系统，运行稳定",
        ],
        (Condition::Good, _) => &["功能完好，使用正常", "定期维护，性能良好", "外观良好，通电测试正常"],
        (Condition::Fair, Group::Furniture) => {
            &["六成新，有使用痕迹", "边角轻微磕碰，不影响使用", "面板有划痕，可继续使用"]
        }
        (Condition::Fair, Group::Computer) => {
            &["开机较慢，可用于一般文字处理", "外壳有磨损，功能正常", "建议加装内存后使用"]
        }
        (Condition::Fair, _) => {
            &["能正常使用，外观有磨损", "使用年限较长，性能一般", "部分配件老化，可正常工作"]
        }
        (Condition::Poor, Group::Furniture) => {
            &["部分五金件松动，需简单维修", "饰面脱落，需翻新", "个别损坏，需更换配件"]
        }
        (Condition::Poor, _) => {
            &["有间歇性故障，需维修后使用", "运行不稳定，建议检修", "可开机，个别功能失效"]
        }
        (Condition::Broken, _) => &["已损坏，可拆用零件", "无法使用，待维修评估", "故障停用，维修价值不高"],
    })
}

/// How a thing is given.
pub(super) const TERMS: &[&str] = &[
    "可随时现场查看",
    "需自行安排车辆搬运",
    "工作日上午可办理交接",
    "附购置发票复印件",
    "可协助装车",
    "随机附件一并移交",
    "请提前一天联系资产管理员",
    "整批或零散调剂均可",
    "优先整批调剂",
    "欢迎基层单位和学校申请",
    "说明书及保修卡齐全",
    "搬运时注意防潮",
];

pub(super) const BUILDINGS: &[&str] = &[
    "",
    "办公楼",
    "主楼",
    "东附楼",
    "西附楼",
    "综合楼",
    "1号楼",
    "2号楼",
    "3号楼",
    "行政楼",
    "业务楼",
    "后勤楼",
    "教学楼",
];
pub(super) const ROOMS: &[&str] =
    &["资产库房", "会议室", "走廊储物间", "文印室", "机房", "档案室", "接待室", "值班室"];
pub(super) const PARKING: &[&str] = &[
    "机关大院停车场",
    "办公楼地下二层车库",
    "公务用车平台停车场",
    "单位后院车棚",
    "汉口公车服务中心",
    "武昌公车服务中心",
];

pub(super) const VEHICLE_REASONS: &[&str] = &[
    "公务用车制度改革后封存",
    "车辆编制核减后富余",
    "更新新能源车后换下",
    "执法任务划转后闲置",
    "单位撤并后移交的车辆",
    "活动保障结束后收回",
];
pub(super) const VEHICLE_TRAITS: &[&str] = &[
    "定点保养，记录完整",
    "无重大事故，轮胎去年更换",
    "左后门有补漆",
    "空调和音响正常",
    "行车记录仪随车",
    "动力电池健康情况见检测报告",
];
pub(super) const VEHICLE_TERMS: &[&str] =
    &["需办理过户登记", "钥匙两把，证件齐全", "接收单位须有空余车辆编制", "可安排试驾", "保险到期前完成过户"];

pub(super) const ROOM_REASONS: &[&str] = &[
    "单位迁入集中办公区后腾退",
    "办公用房清理整改后腾出",
    "机构合并后闲置",
    "原租赁单位到期搬离",
    "窗口业务进驻政务中心后闲置",
];
pub(super) const ROOM_TRAITS: &[&str] = &[
    "水电和网络接入正常",
    "带电梯，消防验收合格",
    "简单装修，可直接使用",
    "屋面去年做过防水",
    "临街，有独立出入口",
    "配有停车位若干",
];
pub(super) const ROOM_TERMS: &[&str] = &[
    "产权登记在机关事务管理局名下",
    "仅限办公和业务使用",
    "调配后签订使用凭证",
    "现场看房请提前预约",
    "不得擅自改变用途",
];

pub(super) const SOFTWARE_REASONS: &[&str] = &[
    "统一采购后授权结余",
    "人员精简后授权闲置",
    "业务系统整合后不再使用",
    "国产化替代后换下",
    "项目验收后剩余授权",
];
pub(super) const SOFTWARE_TRAITS: &[&str] = &[
    "授权可在本市预算单位间变更",
    "安装介质和授权书齐全",
    "含一年升级服务",
    "支持离线激活",
    "已在原终端卸载并注销",
];
pub(super) const SOFTWARE_TERMS: &[&str] =
    &["变更手续由原采购单位协助办理", "移交后重新激活", "可分批调剂", "按实际使用人数申请"];

/// What a unit is about to do, when it asks.
pub(super) const NEEDS: &[&str] = &[
    "因新增人员到岗",
    "为布置新启用的办事窗口",
    "新校区即将投入使用",
    "下属站点改造完成后",
    "原有设备已过最低使用年限且故障频发",
    "专项工作专班集中办公",
    "为保障秋季开学",
    "党群服务中心升级改造",
    "基层站所条件简陋",
    "迎接年度考核验收",
    "值班室添置基本设施",
    "会议室改建完工后",
    "档案数字化任务集中开展",
    "防汛期间增设值守点",
    "社区卫生服务站扩建",
];
/// Why it takes it from the warehouse.
pub(super) const WHYS: &[&str] = &[
    "本年度未安排购置预算，拟通过公物仓调剂解决",
    "经查仓符合需求，优先调剂使用，不再新购",
    "现有存量不足，申请调剂后可节约购置经费",
    "已核对配置标准，未超编制数量",
    "使用期限三年以上，接收后纳入本单位台账",
    "按过紧日子要求，先调剂后购置",
    "用途已经单位办公会研究同意",
    "可自行安排运输和安装",
];
pub(super) const REJECTIONS: &[&str] = &[
    "申请理由不充分",
    "该单位同类资产已达配置上限",
    "用途与单位职能不符",
    "请先盘活本单位存量",
    "同一需求已由其他批次解决",
];
pub(super) const RETURNS: &[&str] =
    &["请补充现有同类资产数量", "数量与编制人数不符，请核实", "请说明具体使用地点", "请补充负责人签字材料"];
pub(super) const CUTS: &[&str] = &["按配置标准核减", "按在编人数核减数量", "兼顾其他申请单位，适当核减"];
pub(super) const CANCELLATIONS: &[&str] = &[
    "已由主管部门统一配置",
    "现场查看后规格不合适",
    "搬运成本过高，放弃申请",
    "办公地点变更，暂不需要",
    "已从其他单位调剂到位",
];
pub(super) const REFUSALS: &[&str] =
    &["现场验收与描述不符", "通电测试无法正常启动", "运输途中损坏，拒收", "型号与申请不符", "缺少主要配件"];
pub(super) const SHORTAGES: &[&str] = &["清点时发现数量不足", "部分在运输途中损坏", "交接时短少，已登记差异"];
pub(super) const GIVER_FAILURES: &[&str] = &[
    "原单位已先行报废，无法交付",
    "资产实物未找到",
    "原使用科室仍在使用，无法移交",
    "库房进水受损，不能交付",
];
pub(super) const LISTING_RETURNS: &[&str] = &[
    "照片不清晰，请重新拍摄",
    "请补充硬盘处理记录",
    "原值与账面不符，请核对",
    "存放地点填写不完整",
    "分类代码有误",
];
pub(super) const LISTING_REJECTIONS: &[&str] =
    &["已达报废条件，请走处置程序", "资产权属不清", "涉及未结诉讼，暂不上架", "重复上架"];
pub(super) const WITHDRAWALS: &[&str] = &[
    "本单位内部已调剂使用",
    "上级另有安排",
    "新增人员后自用",
    "资产报废，撤回上架",
    "信息录入有误，重新上架",
];
pub(super) const INSPECTION_FAILURES: &[&str] =
    &["入仓检验不合格，退回原单位", "实物与卡片不一致", "存在安全隐患，不予入仓"];
pub(super) const ERASURES: &[&str] =
    &["硬盘已拆除并登记销毁", "三次覆写擦除，报告已存档", "消磁处理后更换空白硬盘", "委托保密技术机构擦除"];
